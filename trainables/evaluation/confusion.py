"""Which classes are taken for which.

Shapes: N examples, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ConfusedPair:
    """`count` examples of class `label` were called `predicted`; `share` of that class."""

    label: str
    predicted: str
    count: int
    share: float


def confusion_counts(predicted_N: np.ndarray, labels_N: np.ndarray, n_classes: int) -> np.ndarray:
    """int64 counts [K, K]: row = true class, column = predicted class."""
    cells_N = labels_N.astype(np.int64) * n_classes + predicted_N.astype(np.int64)
    return np.bincount(cells_N, minlength=n_classes**2).reshape(n_classes, n_classes)


def most_confused(
    counts_KK: np.ndarray, classes: Sequence[str], *, limit: int = 5
) -> tuple[ConfusedPair, ...]:
    """The most frequent mistakes, highest count first; ties in the order of the classes."""
    mistakes_KK = np.asarray(counts_KK).copy()
    totals_K = mistakes_KK.sum(axis=1)
    np.fill_diagonal(mistakes_KK, 0)
    order = np.argsort(-mistakes_KK, axis=None, kind="stable")[:limit]
    cells = [divmod(int(cell), len(classes)) for cell in order]
    return tuple(
        ConfusedPair(
            classes[row],
            classes[col],
            int(mistakes_KK[row, col]),
            float(mistakes_KK[row, col] / totals_K[row]),
        )
        for row, col in cells
        if mistakes_KK[row, col] > 0
    )
