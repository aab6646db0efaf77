"""Nets without published weights, trained from scratch on images of 32 px. Imports no torch.

`parameters` counts the whole net with 10 classes: resnet9's 6,573,120 is the count of reference B,
resnet18_cifar's 11,173,962 follows from torchvision's resnet18 (11,689,512): 513,000 less for its
last layer, 5,130 more for one of 10 classes, 7,680 less for a 3x3 stem. Those of mini_vgg and mlp
are at their own depth and width, and follow from `trainables/nets/`.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from trainables.backbones.spec import Backbone, WeightsSource

if TYPE_CHECKING:
    from torch import nn

# Of the 50,000 training images, over all pixels of a channel. (0.2023, 0.1994, 0.2010), seen about
# as the standard deviation, is the mean over images of each one's own: another quantity.
CIFAR10_MEAN = (0.4914, 0.4822, 0.4465)
CIFAR10_STD = (0.2470, 0.2435, 0.2616)
SIZE = 32


def build_body(name: str, **options: float) -> nn.Module:
    """The net from the function of its name, with weights from torch's generator."""
    module = import_module(f"trainables.nets.{name}")
    net: nn.Module = getattr(module, name)(**options)
    return net


def _net(
    name: str,
    features: int,
    parameters: int,
    options: tuple[str, ...],
    *,
    smallest: int,
    fixed: bool = False,
    head_bias: bool = True,
) -> Backbone:
    return Backbone(
        name=name,
        library="orchestrator",
        features=features,
        parameters=parameters,
        natural_size=SIZE,
        smallest_size=smallest,
        # A larger one costs in proportion to its area, and the pixels of small images hold no more.
        sizes=(SIZE,),
        mean=CIFAR10_MEAN,
        std=CIFAR10_STD,
        interpolation="bilinear",
        build=partial(build_body, name),
        weights=WeightsSource(from_scratch=True),
        fixed_size=fixed,
        builds_on_meta=True,
        options=options,
        head_bias=head_bias,
    )


_SHAPE = ("depth", "width", "body_dropout")

RESNET9 = _net("resnet9", 512, 6_573_120, ("width", "body_dropout"), smallest=8, head_bias=False)
RESNET18_CIFAR = _net("resnet18_cifar", 512, 11_173_962, ("body_dropout",), smallest=8)
# 32 px is what the deepest, five stages, needs.
MINI_VGG = _net("mini_vgg", 256, 1_913_834, _SHAPE, smallest=SIZE)
MLP = _net("mlp", 1024, 4_206_602, _SHAPE, smallest=SIZE, fixed=True)
