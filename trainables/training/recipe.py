"""What the loop is given, and what it hands out after an epoch.

Shapes: N examples, K classes; an input is [C, H, W] (an image, or a map of a frozen front) or [F].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainables.config import TrialConfig


@dataclass(frozen=True, eq=False)
class Task:
    """One net to train on examples that are all on one device.

    Args:
        model: inputs -> logits_NK; it is trained in place.
        body: the part of `model` that has a learning rate of its own (may have no parameters).
        inputs_N: uint8 images [N, C, H, W], or float32 features.
        labels_N: int64.
        train_N, val_M: rows of both; `val_M` may be empty.
        body_lr: the body's learning rate as a share of the head's.
        mean_C: the images' mean colour in [0, 1], for what augmentation fills.
    """

    config: TrialConfig
    model: nn.Module
    body: nn.Module
    inputs_N: torch.Tensor
    labels_N: torch.Tensor
    train_N: torch.Tensor
    val_M: torch.Tensor
    classes: int
    body_lr: float = 1.0
    mean_C: tuple[float, ...] = (0.5,)

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.inputs_N.device

    @property
    def are_images(self) -> bool:
        """Whether inputs are pixels, which can be augmented."""
        return self.inputs_N.dtype == torch.uint8


@dataclass(frozen=True, eq=False)
class NetEpoch:
    """The net after an epoch.

    Args:
        epoch: 1 for the first.
        metrics: `train_loss` and `train_acc` as they were met in training (augmented, dropout on),
            `val_loss` and `val_acc` in evaluation mode where they were measured, `lr` of the last
            step.
        bad_step: the first step (0 for the training's first) whose loss was not finite, else -1.
        state: gives a copy of all that training goes on from; to be called before the next epoch.
    """

    epoch: int
    metrics: Mapping[str, float]
    bad_step: int
    state: Callable[[], dict[str, Any]]

    @property
    def is_measured(self) -> bool:
        """Whether validation was looked at."""
        return "val_acc" in self.metrics
