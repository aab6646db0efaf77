"""Small models whose robustness is known, and one that is trained."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables.attacks.base import Attack
from trainables.attacks.fgsm import FGSM
from trainables.attacks.robustness import Robustness, measure_robustness

T = TypeVar("T")
EPS_255 = (0, 0.5, 1, 2, 4, 8, 16)


def measure(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    eps_255: Sequence[float] = EPS_255,
    *,
    attack: Attack | None = None,
    batch_size: int = 32,
) -> Robustness:
    """Runs an attack (FGSM) to its end."""
    return ended(
        measure_robustness(
            model, images_NHWC, labels_N, attack or FGSM(), eps_255,
            provenance={}, batch_size=batch_size,
        )
    )  # fmt: skip


def ended(run: Generator[Any, None, T]) -> T:
    """What a generator returns."""
    while True:
        try:
            next(run)
        except StopIteration as end:
            return end.value


def tensors(images_NHWC: np.ndarray, labels_N: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Images [N, C, H, W] in [0, 1], and labels."""
    images = torch.from_numpy(np.ascontiguousarray(images_NHWC.transpose(0, 3, 1, 2)))
    return images.float() / 255, torch.from_numpy(np.asarray(labels_N, dtype=np.int64))


def oracle(name: str) -> Any:
    """A package that only tests need; where it is missing the test is skipped, in CI it fails."""
    if importlib.util.find_spec(name) is None and os.environ.get("ORCHESTRATOR_REQUIRE_ALL") == "1":
        pytest.fail(f"{name} is missing, and ORCHESTRATOR_REQUIRE_ALL=1")
    reason = f"needs {name}, which comes with the extra `dev`"
    return pytest.importorskip(name, reason=reason)


class TwoClasses(nn.Module):
    """logits = (0, w . x + b)."""

    def __init__(self, weight_CHW: torch.Tensor, bias: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight_CHW)
        self.bias = bias

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, 2]."""
        score_N = (images_NCHW * self.weight).sum((1, 2, 3)) + self.bias
        return torch.stack([torch.zeros_like(score_N), score_N], dim=1)


class SmallNet(nn.Module):
    """Convolution, BatchNorm and dropout: everything that could leave a trace."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 4, stride=2)
        self.norm = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(8 * 49, 10)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, 3, 16, 16] -> [N, 10]."""
        x = functional.relu(self.norm(self.conv(images_NCHW)))
        return self.head(self.drop(x.flatten(1)))
