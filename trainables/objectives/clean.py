"""Ordinary training: cross-entropy on the inputs as they are.

Shapes: P inputs of a part of a batch, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional

from trainables.config import TrialConfig
from trainables.objectives.base import Learner, Objective


@dataclass(frozen=True)
class Clean:
    """Cross-entropy with smoothed labels."""

    label_smoothing: float

    def __call__(
        self, learner: Learner, inputs_P: torch.Tensor, targets_PK: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As of `Objective`."""
        logits_PK = learner.net(inputs_P).float()
        return cross_entropy(logits_PK, targets_PK, self.label_smoothing), logits_PK


def cross_entropy(
    logits_PK: torch.Tensor, targets_PK: torch.Tensor, label_smoothing: float
) -> torch.Tensor:
    """Of each input [P]."""
    return functional.cross_entropy(
        logits_PK, targets_PK, label_smoothing=label_smoothing, reduction="none"
    )


def make_clean(config: TrialConfig) -> Objective:
    """From a trial's config."""
    return Clean(config.label_smoothing)
