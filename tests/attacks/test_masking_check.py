"""Masked gradients, looked for within a budget: how much is taken, and what it finds."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, ended
from test_alarms import Around
from torch import nn

from trainables.attacks.masking_check import MaskingCheck, check_masking, size_within

Digits = tuple[np.ndarray, np.ndarray]


class Slow(nn.Module):
    """The net, and so many seconds for each image."""

    def __init__(self, net: nn.Module, seconds: float) -> None:
        super().__init__()
        self.net, self.seconds, self.images = net, seconds, 0

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        self.images += len(images_NCHW)
        time.sleep(self.seconds * len(images_NCHW))
        return self.net(images_NCHW)


def _check(net: nn.Module, digits: Digits, seconds: float) -> MaskingCheck:
    return ended(check_masking(net, *digits, seconds=seconds))


# An image takes 88 passes forward and the queries, and 67 backward. At 1 ms and 2 ms each: 64
# images and 300 queries take 64 x (388 + 134) ms = 33.4 s; 100 queries 64 x 322 ms = 20.6 s; 32
# images 10.3 s; 16 images 5.2 s; with 50 queries 16 x 272 ms = 4.4 s.
@pytest.mark.parametrize(
    ("seconds", "count", "size"),
    [
        (33.5, 1000, (64, 300)),
        (33.3, 1000, (64, 100)),
        (20.5, 1000, (32, 100)),
        (10.2, 1000, (16, 100)),
        (5.1, 1000, (16, 50)),
        (4.3, 1000, None),
        (5.3, 10, (10, 300)),  # so few there are
    ],
)
def test_the_seconds_decide_how_much(
    seconds: float, count: int, size: tuple[int, int] | None
) -> None:
    assert size_within(seconds, count, 1e-3, 2e-3) == size


def test_what_takes_too_long_is_not_looked_for(trained: SmallNet, digits: Digits) -> None:
    net = Slow(trained, 2e-3)
    found = _check(net, digits, 0.5)
    assert found.alarms == () and (found.images, found.queries, found.passes) == (0, 0, 0)
    assert "16 images would take about" in found.skipped and "0.5 s for it" in found.skipped
    assert net.images == 4 * 8  # forward, and forward for a gradient, twice each
    assert found.seconds < 0.5


def test_an_ordinary_net_and_one_that_masks(trained: SmallNet, digits: Digits) -> None:
    few = digits[0][:32], digits[1][:32]
    plain = _check(trained, few, 60)
    assert plain.alarms == () and plain.skipped == "" and plain.images == 32
    assert 0 < plain.passes < 32 * 455
    masked = Around(trained, before=lambda x: (x * 16).round() / 16)
    found = _check(masked, few, 60)
    assert {"zero_gradients", "above_chance"} <= set(found.names)
    held = found.to_json()
    assert [alarm["name"] for alarm in held["alarms"]] == list(found.names)
    assert all(len(alarm["words"]) > 40 for alarm in held["alarms"])


def test_the_net_is_left_as_it_was(trained: SmallNet, digits: Digits) -> None:
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    flags = [parameter.requires_grad for parameter in trained.parameters()]
    state = torch.random.get_rng_state()
    _check(trained, (digits[0][:16], digits[1][:16]), 60)
    assert all(torch.equal(before[name], value) for name, value in trained.state_dict().items())
    assert [parameter.requires_grad for parameter in trained.parameters()] == flags
    assert torch.equal(torch.random.get_rng_state(), state) and not trained.training
