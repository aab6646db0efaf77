"""`HeadSpec`: what tells one of many heads over the same features from its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from search_spaces.errors import UsageError


@dataclass(frozen=True, eq=False)
class HeadSpec:
    """One head: its examples and its hyperparameters.

    Args:
        train_N: rows of the feature matrix that it learns from.
        val_M: rows it is measured on; may be empty.
        lr: peak learning rate of AdamW.
        weight_decay: decoupled weight decay of AdamW, times the learning rate of the step.
        dropout: share of the features dropped in each example.
        seed: order of the examples and the dropped features.
        start: "ridge" (see `start.py`) or "zeros".
        rows_an_epoch: examples that it sees in an epoch, others in each (default: all of them).
    """

    train_N: np.ndarray
    val_M: np.ndarray
    lr: float
    weight_decay: float
    dropout: float = 0.0
    seed: int = 0
    start: Literal["ridge", "zeros"] = "ridge"
    rows_an_epoch: int | None = None

    @property
    def seen(self) -> int:
        """Examples of an epoch."""
        return min(len(self.train_N), self.rows_an_epoch or len(self.train_N))

    def check(self, rows: int) -> None:
        """Raises UsageError for rows beyond the feature matrix or an empty training split."""
        if len(self.train_N) == 0:
            raise UsageError("A head needs at least one training example.", got=0)
        used = np.concatenate([self.train_N, self.val_M])
        if used.min() < 0 or used.max() >= rows:
            raise UsageError(
                f"A head's rows must lie in 0..{rows - 1}.", got=(int(used.min()), int(used.max()))
            )
