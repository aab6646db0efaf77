"""Expected calibration error: whether a net that says 80 % is right in 80 of 100 cases.

Guo, Pleiss, Sun and Weinberger, On calibration of modern neural networks, ICML 2017: 15 bins of
equal width over the confidence (the largest class probability), each open below and closed above.

Shapes: N examples, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trainables.evaluation.metrics import softmax

BINS = 15


@dataclass(frozen=True)
class CalibrationBin:
    """Examples whose confidence lies in (low, high]; means are None where there are none."""

    low: float
    high: float
    count: int
    confidence: float | None
    accuracy: float | None


def calibration_bins(
    logits_NK: np.ndarray, labels_N: np.ndarray, *, bins: int = BINS
) -> tuple[CalibrationBin, ...]:
    """All bins, lowest first, the empty ones too."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    chances_NK = softmax(logits_NK)
    confidence_N = chances_NK.max(axis=1)
    right_N = logits_NK.argmax(axis=1) == labels_N
    place_N = np.digitize(confidence_N, edges[1:-1], right=True)
    made = []
    for place in range(bins):
        inside_N = place_N == place
        count = int(inside_N.sum())
        made.append(
            CalibrationBin(
                low=float(edges[place]),
                high=float(edges[place + 1]),
                count=count,
                confidence=float(confidence_N[inside_N].mean()) if count else None,
                accuracy=float(right_N[inside_N].mean()) if count else None,
            )
        )
    return tuple(made)


def calibration_error(bins: Sequence[CalibrationBin]) -> float:
    """Mean gap between accuracy and confidence, each bin by its examples; NaN of no examples."""
    total = sum(each.count for each in bins)
    if not total:
        return float("nan")
    gaps = (
        each.count * abs(each.accuracy - each.confidence)
        for each in bins
        if each.accuracy is not None and each.confidence is not None
    )
    return sum(gaps) / total
