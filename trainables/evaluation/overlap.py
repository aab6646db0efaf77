"""The mean of values whose images overlap, with the interval that it earns.

Repeats, and folds, draw from the same images, so their values are correlated and their mean varies
more than their scatter says. With a correlation rho its variance is that of one value times
1/R + rho / (1 - rho) (Nadeau and Bengio 2003, Inference for the generalization error; rho is the
share of all images that a validation split has). Of k-fold cross-validation, repeated r times, that
is 1 / (k r) + 1 / (k - 1) (Bouckaert and Frank 2004, Evaluating the replicability of significance
tests for comparing learning algorithms).

Shapes: R values.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
LEAST_REPEATS = 2


@dataclass(frozen=True)
class Interval:
    """A mean and its 95 % interval; the bounds are None where it cannot be told.

    Args:
        repeats: values behind it.
    """

    mean: float
    low: float | None
    high: float | None
    repeats: int


def mean_interval(values_R: Sequence[float] | np.ndarray, overlap: float) -> Interval:
    """Of one arm by itself (Student's t); NaN stands for a repeat without a value."""
    kept = np.asarray(values_R, dtype=float)
    kept = kept[np.isfinite(kept)]
    if len(kept) < LEAST_REPEATS:
        mean = float(kept.mean()) if len(kept) else math.nan
        return Interval(mean, None, None, len(kept))
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    wide = math.sqrt(kept.var(ddof=1) * variance_factor(len(kept), overlap))
    half = float(stdtrit(len(kept) - 1, (1 + CONFIDENCE) / 2)) * wide
    mean = float(kept.mean())
    return Interval(mean, mean - half, mean + half, len(kept))


def variance_factor(repeats: int, overlap: float) -> float:
    """Variance of a mean over `repeats`, as a multiple of the scatter's."""
    return 1 / repeats + overlap / (1 - overlap)
