"""What the loop is given.

Shapes: N examples, K classes; an input is [C, H, W] (an image, or a map of a frozen front) or [F].
"""

from __future__ import annotations

from dataclasses import dataclass

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
        watched_V: rows by which adversarial training chooses its epoch (default: all of `val_M`).
        pool_P: rows of the pool that are trained on; `labels_N` has their pseudo-labels, -1 where
            training finds them by itself.
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
    watched_V: torch.Tensor | None = None
    pool_P: torch.Tensor | None = None

    @property
    def device(self) -> torch.device:
        """Where all of it is."""
        return self.inputs_N.device

    @property
    def are_images(self) -> bool:
        """Whether inputs are pixels, which can be augmented."""
        return self.inputs_N.dtype == torch.uint8
