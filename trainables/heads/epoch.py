"""`HeadsEpoch`: what the batched training hands out after an epoch.

Shapes: H heads, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True, eq=False)
class HeadsEpoch:
    """All heads after one epoch.

    Args:
        epoch: 1 for the first.
        metrics: `train_loss`, `train_acc`, `val_loss`, `val_acc`, `lr`, each float64 [H]; training
            figures are of the whole training split in evaluation mode.
        bad_step_H: the first step (0 for the training's first) whose loss was not finite, else -1.
        weight_HKF, bias_HK: plain linear heads on raw features, on the training's device.
        state: gives a copy of all that the training goes on from, as `train_heads` takes it; to be
            called before the next epoch is asked for.
    """

    epoch: int
    metrics: Mapping[str, np.ndarray]
    bad_step_H: np.ndarray
    weight_HKF: torch.Tensor
    bias_HK: torch.Tensor
    state: Callable[[], dict[str, Any]]
