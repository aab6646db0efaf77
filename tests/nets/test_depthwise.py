"""Depthwise convolutions in float32: which they are, and that nothing but the rounding changes."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from trainables.backbones import get_backbone, load_body
from trainables.config import TrialConfig
from trainables.depthwise import depthwise_in_float32, has_depthwise, is_depthwise
from trainables.net_parts import make_parts
from trainables.setup import prepare


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (nn.Conv2d(6, 6, 3, groups=6), True),
        (nn.Conv2d(6, 12, 3, groups=6), True),  # two filters a channel
        (nn.Conv2d(6, 6, 3, groups=3), False),
        (nn.Conv2d(6, 6, 3), False),
        (nn.Conv2d(1, 6, 3), False),
        (nn.Linear(6, 6), False),
    ],
)
def test_what_is_depthwise(module: nn.Module, expected: bool) -> None:
    assert is_depthwise(module) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tf_efficientnet_lite0", True), ("mobilenet_v2", True),
        ("timm:mobilenetv3_small_050", True), ("resnet18", False), ("vgg16", False),
        ("densenet161", False), ("resnet9", False), ("mlp", False),
    ],
)  # fmt: skip
def test_which_nets_have_them(name: str, expected: bool) -> None:
    before = torch.random.get_rng_state()
    assert has_depthwise(get_backbone(name)) is expected
    assert torch.equal(before, torch.random.get_rng_state())


def test_they_are_exact_inside_an_autocast_net() -> None:
    """timm's padding subclass too; a copy (an average of weights) and the names are the same."""
    body = load_body("tf_efficientnet_lite0", weights="random").module.net
    plain, mixed = copy.deepcopy(body), copy.deepcopy(depthwise_in_float32(copy.deepcopy(body)))
    assert list(plain.state_dict()) == list(mixed.state_dict())
    images_NCHW = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(plain(images_NCHW), mixed(images_NCHW))
    seen: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    for name, module in mixed.named_modules():
        if is_depthwise(module):
            module.register_forward_hook(
                lambda _, given, out, name=name: seen.update({name: (given[0], out)})
            )
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed(images_NCHW)
    assert len(seen) == 16  # one a block
    for name, (given, out) in seen.items():
        assert out.dtype == torch.float32
        assert torch.equal(out, plain.get_submodule(name)(given.float()))


@pytest.mark.parametrize(("precision", "expected"), [("bfloat16", True), ("float32", False)])
def test_a_net_that_trains_on_a_cpu_has_them(precision: str, expected: bool) -> None:
    config = TrialConfig.model_validate(
        {
            "backbone": "tf_efficientnet_lite0", "weights": "random", "data": "digits",
            "tune": "all", "input_size": 32, "precision": precision,
        }
    )  # fmt: skip
    model = make_parts(config, prepare(config), None).task.model
    kinds = {type(m).__name__.startswith("Float32") for m in model.modules() if is_depthwise(m)}
    assert kinds == {expected}
