"""Bodies from torchvision. Metadata is written out here, so that listing them imports no torch.

The feature vector is what the net's own last linear layer sees. For VGG and AlexNet that is the
4,096 activations after the second fully connected layer and its ReLU: reference system A of
the project swaps that last layer alone, and so do we. A body is in eval mode: no dropout.

smallest_size is 32, the total stride of all of them (below it the last map is padding more than
image; torchvision itself lets resnet18 take one pixel), and 63 for alexnet, which fails under that.

Parameter counts are `meta["num_params"]` of torchvision's weights; tests hold them against it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from trainables.backbones import stages
from trainables.backbones.download import UrlHub
from trainables.backbones.spec import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Backbone,
    StateDict,
    WeightsSource,
)

if TYPE_CHECKING:
    from torch import nn

SIZES = (64, 96, 128, 160, 192, 224)

# torchvision's densenet files are older than its layer names: "denselayer1.norm.1.weight".
_OLD_DENSE_KEY = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


def published_url(name: str, file: str) -> str:
    """Where torchvision says that `file` of net `name` is."""
    from torchvision.models import get_model_weights

    return next(entry.url for entry in get_model_weights(name) if entry.url.endswith("/" + file))


def build_body(name: str, classifier: str) -> nn.Module:
    """The net of that name with random weights, its last layer (dotted path) cut off."""
    from torch import nn
    from torchvision.models import get_model

    net = get_model(name, weights=None)
    parent, _, last = classifier.rpartition(".")
    owner = net.get_submodule(parent)
    # An Identity in the last place, not a shorter Sequential, so that no other key moves.
    setattr(owner, last, nn.Identity())
    return net


def without_classifier(classifier: str, state: StateDict) -> StateDict:
    """A published state dict under the body's keys."""
    dropped = (f"{classifier}.weight", f"{classifier}.bias")
    kept = {key: tensor for key, tensor in state.items() if key not in dropped}
    return {_OLD_DENSE_KEY.sub(r"\1\2", key): tensor for key, tensor in kept.items()}


def _net(
    name: str,
    file: str,
    classifier: str,
    features: int,
    parameters: int,
    split: stages.Split,
    smallest: int = 32,
) -> Backbone:
    source: Callable[[], str] = partial(published_url, name, file)
    return Backbone(
        name=name,
        library="torchvision",
        features=features,
        parameters=parameters,
        natural_size=224,
        smallest_size=smallest,
        sizes=SIZES,
        # Measured for mobilenet_v2: 79.7 %, against 73.8 with mean = std = 0.5 (see spec.py). The
        # others' weights are not to be had here; torchvision trained them all by one recipe.
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
        build=partial(build_body, name, classifier),
        weights=WeightsSource(files=(file,), hub=UrlHub("torchvision", file, source)),
        body_state=partial(without_classifier, classifier),
        builds_on_meta=True,
        split=split,
    )


_VGG = stages.split_vgg  # alexnet as well

VGG16 = _net("vgg16", "vgg16-397923af.pth", "classifier.6", 4096, 138_357_544, _VGG)
VGG13_BN = _net("vgg13_bn", "vgg13_bn-abd245e5.pth", "classifier.6", 4096, 133_053_736, _VGG)
VGG19 = _net("vgg19", "vgg19-dcbb9e9d.pth", "classifier.6", 4096, 143_667_240, _VGG)
VGG19_BN = _net("vgg19_bn", "vgg19_bn-c79401a0.pth", "classifier.6", 4096, 143_678_248, _VGG)
ALEXNET = _net(
    "alexnet", "alexnet-owt-7be5be79.pth", "classifier.6", 4096, 61_100_840, _VGG, smallest=63
)
DENSENET161 = _net(
    "densenet161",
    "densenet161-8d451a50.pth",
    "classifier",
    2208,
    28_681_000,
    stages.split_densenet,
)
RESNET18 = _net("resnet18", "resnet18-f37072fd.pth", "fc", 512, 11_689_512, stages.split_resnet)
# The first published weights (V1): linear features that transfer; V2 came by label smoothing and
# longer training, and is taken from --weights-dir where somebody puts it there.
MOBILENET_V2 = _net(
    "mobilenet_v2",
    "mobilenet_v2-b0353104.pth",
    "classifier.1",
    1280,
    3_504_872,
    stages.split_mobilenet_v2,
)
