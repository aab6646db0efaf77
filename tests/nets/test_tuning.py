"""What trains and what does not: gradients, statistics, dropout, and the body left as it was."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.backbones import Body, get_backbone, load_body
from trainables.model import PixelClassifier
from trainables.nets.dropout import Dropout, use_generator
from trainables.tuning import Tuned, check_tune, tuned

LITE = "tf_efficientnet_lite0"
TIMM = "timm:mobilenetv3_small_050"
LAST = {
    LITE: ("blocks.5", "blocks.6", "conv_head", "bn2"),
    "resnet18": ("layer4",),
    TIMM: ("blocks.5", "conv_head"),
}


@pytest.fixture(scope="module")
def bodies() -> dict[str, Body]:
    names = (LITE, "resnet18", "alexnet", "resnet9", TIMM)
    return {name: load_body(name, weights="random", seed=2) for name in names}


def images(dtype: torch.dtype = torch.float32) -> torch.Tensor:
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(0)).to(dtype)


def step(parts: Tuned, model: nn.Module) -> None:
    """In double precision: some gradients of a random net are too small for a float to show."""
    use_generator(model, torch.Generator().manual_seed(0))
    optimiser = torch.optim.SGD(parts.whole.parameters(), lr=10.0)
    model.double().train()
    model(images(torch.float64)).square().mean().backward()
    optimiser.step()


def changed(net: nn.Module, before: dict[str, torch.Tensor]) -> set[str]:
    after = net.state_dict()
    return {name for name in before if not torch.equal(before[name], after[name])}


def state(net: nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in net.state_dict().items()}


def statistics(net: nn.Module) -> set[str]:
    return {name for name, _ in net.named_buffers()}


@pytest.mark.parametrize("name", LAST)
@pytest.mark.parametrize("tune", ["last", "all"])
@pytest.mark.parametrize("norms", ["fixed", "batch"])
def test_only_what_trains_moves(bodies: dict[str, Body], name: str, tune: str, norms: str) -> None:
    body = bodies[name]
    loaded = state(body.module.net)
    parts = tuned(body, tune, norms=norms)
    net = parts.whole.net
    expected = {key for key, value in net.named_parameters() if value.requires_grad}
    begins = LAST[name] if tune == "last" else ""
    assert expected == {key for key, _ in net.named_parameters() if key.startswith(begins)}
    if norms == "batch":
        places = {key.rpartition(".")[0] for key in expected}
        expected |= {key for key in statistics(net) if key.rpartition(".")[0] in places}
    before = state(net.double())
    step(parts, PixelClassifier(nn.Identity(), parts.whole, nn.Identity()))
    assert changed(net, before) == expected
    assert changed(body.module.net, loaded) == set()
    assert not any(value.requires_grad for value in body.module.parameters())
    assert not any(module.training for module in body.module.modules())


def test_the_halves_train_as_the_whole_does(bodies: dict[str, Body]) -> None:
    """Cached maps of the front serve: the back alone makes the very same step."""
    whole, halves = (tuned(bodies["resnet18"], "last") for _ in range(2))
    assert halves.front is not None
    step(whole, whole.whole)
    with torch.no_grad():
        maps_NCHW = halves.front.double().train()(images(torch.float64))
    optimiser = torch.optim.SGD(halves.back.parameters(), lr=10.0)
    halves.back.double().train()(maps_NCHW).square().mean().backward()
    optimiser.step()
    before = state(copy.deepcopy(bodies["resnet18"].module.net).double())
    moved = changed(halves.whole.net, before)
    assert moved and changed(halves.whole.net, state(whole.whole.net)) == set()
    assert all(name.startswith("layer4") for name in moved)


@pytest.mark.parametrize("tune", ["last", "all"])
def test_before_training_it_is_the_body(bodies: dict[str, Body], tune: str) -> None:
    body = bodies[LITE]
    parts = tuned(body, tune)
    with torch.no_grad():
        assert torch.equal(parts.whole(images()), body.module(images()))
        mapped = images() if parts.front is None else parts.front(images())
        assert torch.equal(parts.back(mapped), body.module(images()))
    assert list(parts.whole.net.state_dict()) == list(body.module.net.state_dict())


@pytest.mark.parametrize(
    ("name", "weights", "norms", "moves"),
    [
        (LITE, "pretrained", "auto", False),
        (LITE, "random", "auto", True),
        (LITE, "pretrained", "batch", True),
        (LITE, "random", "fixed", False),
        ("resnet9", "pretrained", "auto", True),
    ],
)
def test_pretrained_statistics_stay_and_fresh_ones_move(
    bodies: dict[str, Body], name: str, weights: str, norms: str, moves: bool
) -> None:
    parts = tuned(bodies[name], "all", weights=weights, norms=norms)
    before = state(parts.whole.net.double())
    step(parts, parts.whole)
    assert bool(changed(parts.whole.net, before) & statistics(parts.whole.net)) == moves


def test_dropout_of_what_trains_is_on_and_of_what_is_frozen_off(bodies: dict[str, Body]) -> None:
    body = bodies["alexnet"]
    for tune, on in (("last", 2), ("all", 2)):
        parts = tuned(body, tune)
        use_generator(parts.whole, torch.Generator().manual_seed(0))
        parts.whole.train()
        layers = [layer for layer in parts.whole.modules() if isinstance(layer, Dropout)]
        assert sum(layer.training for layer in layers) == on == len(layers)
        assert not torch.equal(parts.whole(images()), parts.whole(images()))
    front = tuned(load_body("resnet9", options={"body_dropout": 0.5}), "all")
    assert front.front is None and front.back is front.whole
    assert not any(type(layer) is nn.Dropout for layer in parts.whole.modules())


def test_a_copy_in_eval_mode_stays_so_until_it_trains(bodies: dict[str, Body]) -> None:
    parts = tuned(bodies["resnet18"], "all", norms="batch")
    assert not any(module.training for module in parts.whole.modules())
    assert all(module.training for module in parts.whole.train().net.modules())
    assert not any(module.training for module in parts.whole.eval().modules())


def test_trainable_parameters_are_the_last_stages(bodies: dict[str, Body]) -> None:
    parts = tuned(bodies["resnet18"], "last")
    assert sum(value.numel() for value in parts.trainable()) == 8_393_728
    assert [id(value) for value in parts.trainable()] == [
        id(value) for value in parts.back.parameters()
    ]


@pytest.mark.parametrize(
    ("name", "tune", "weights", "passes"),
    [
        ("resnet9", "head", "pretrained", False),
        ("resnet9", "last", "pretrained", False),
        ("resnet9", "head", "random", True),
        ("resnet9", "all", "pretrained", True),
        (LITE, "head", "pretrained", True),
        (LITE, "last", "pretrained", True),
    ],
)
def test_a_body_from_scratch_must_train(name: str, tune: str, weights: str, passes: bool) -> None:
    spec = get_backbone(name)
    if passes:
        check_tune(spec, tune, weights)
        return
    with pytest.raises(UsageError, match=r"resnet9 has no pretrained weights.*--set tune=all"):
        check_tune(spec, tune, weights)


def test_a_head_alone_needs_no_copy(bodies: dict[str, Body]) -> None:
    with pytest.raises(UsageError, match="last or all"):
        tuned(bodies[LITE], "head")
