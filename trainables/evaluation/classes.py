"""Precision, recall and F1 of each class, and balanced accuracy; from counts alone.

Shapes: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class ClassFigures:
    """How well one class is told; None for what has no examples to be measured on.

    Args:
        support: examples of the class.
        predicted: examples that were called it.
        precision: share of `predicted` that is of the class; None where nothing was called it.
        recall: share of `support` that was called it; None where the split has none of it.
        f1: harmonic mean of both, 2 TP / (support + predicted); None where both are 0.
    """

    name: str
    support: int
    predicted: int
    precision: float | None
    recall: float | None
    f1: float | None


def class_figures(counts_KK: np.ndarray, classes: Sequence[str]) -> tuple[ClassFigures, ...]:
    """A row a class, in their order; `counts_KK` as `confusion_counts` gives them."""
    right_K = np.diagonal(counts_KK).tolist()
    support_K, predicted_K = counts_KK.sum(axis=1).tolist(), counts_KK.sum(axis=0).tolist()
    return tuple(
        ClassFigures(
            name=name,
            support=support,
            predicted=predicted,
            precision=_share(right, predicted),
            recall=_share(right, support),
            f1=_share(2 * right, support + predicted),
        )
        for name, right, support, predicted in zip(
            classes, right_K, support_K, predicted_K, strict=True
        )
    )


def balanced_accuracy(counts_KK: np.ndarray) -> float:
    """Mean recall of the classes that the split has (as scikit-learn's); NaN of no examples.

    Brodersen et al., The balanced accuracy and its posterior distribution, ICPR 2010.
    """
    support_K = counts_KK.sum(axis=1)
    there_K = support_K > 0
    if not there_K.any():
        return float("nan")
    return float((np.diagonal(counts_KK)[there_K] / support_K[there_K]).mean())


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
