"""The strongest attack whose time there is, tried on validation images."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from orchestrator.promoting.strongest import STRENGTH, choose_attack
from search_spaces.errors import UsageError
from trainables.attacks import ATTACKS
from trainables.driving import drive

IMAGES = np.random.default_rng(0).integers(0, 256, (8, 8, 8, 3), dtype=np.uint8)


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(192, 4)).eval()


def chosen(asked: str | None, seconds: float):
    labels_N = net()(torch.from_numpy(IMAGES).permute(0, 3, 1, 2).float() / 255).argmax(1).numpy()
    choice = choose_attack(asked, [net()], IMAGES, labels_N, (0, 1), count=8, seconds=seconds)
    return drive(choice)


@pytest.mark.parametrize(
    ("asked", "seconds", "text"),
    [(None, 1e9, "ensemble"), (None, 1e-9, "fgsm"), ("pgd:steps=2", 1e-9, "pgd:steps=2")],
)
def test_time_decides_unless_somebody_does(asked: str | None, seconds: float, text: str) -> None:
    found = chosen(asked, seconds)
    assert found.text == text
    assert bool(found.reason) == (asked is None)


def test_all_that_are_tried_are_registered() -> None:
    assert set(STRENGTH) <= set(ATTACKS)
    with pytest.raises(UsageError, match="pgd"):
        chosen("pdg", 1.0)
