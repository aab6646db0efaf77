"""Small models whose robustness is known, and one that is trained."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from trainables.attacks.fgsm import FGSM
from trainables.attacks.robustness import Robustness, measure_robustness

EPS_255 = (0, 0.5, 1, 2, 4, 8, 16)


def measure(
    model: nn.Module,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    eps_255: Sequence[float] = EPS_255,
    *,
    batch_size: int = 32,
) -> Robustness:
    """Runs FGSM to its end."""
    run = measure_robustness(
        model, images_NHWC, labels_N, FGSM(), eps_255, provenance={}, batch_size=batch_size
    )
    while True:
        try:
            next(run)
        except StopIteration as end:
            return end.value


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
