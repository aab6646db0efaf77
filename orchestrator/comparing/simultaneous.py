"""Intervals of all differences at once, from values in repeats that share their splits.

Shapes: A arms, R repeats.

Two sources of error are met:

- Many comparisons. Intervals are Tukey's (Tukey 1949, Comparing individual means in the analysis
  of variance), in a design with repeats as blocks: the chance that any of them misses is 5 %.
  The variance is the larger of the one pooled over all arms and the pair's own, so that an arm
  that scatters more than the others is not judged by their calm.
- Splits that overlap. Repeats draw from the same images, so their values are correlated and the
  mean varies more than their scatter says. With a correlation rho its variance is that of one
  value times 1/R + rho / (1 - rho) (Nadeau and Bengio 2003, Inference for the generalization
  error; rho is the share of all images that a validation split has).
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

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


def mean_interval(values_R: Sequence[float], overlap: float) -> Interval:
    """Of one arm by itself (Student's t); NaN stands for a repeat without a value."""
    kept = np.asarray(values_R, dtype=float)
    kept = kept[np.isfinite(kept)]
    if len(kept) < LEAST_REPEATS:
        mean = float(kept.mean()) if len(kept) else math.nan
        return Interval(mean, None, None, len(kept))
    from scipy.stats import t

    wide = math.sqrt(kept.var(ddof=1) * variance_factor(len(kept), overlap))
    half = float(t.ppf((1 + CONFIDENCE) / 2, len(kept) - 1)) * wide
    mean = float(kept.mean())
    return Interval(mean, mean - half, mean + half, len(kept))


@dataclass(frozen=True, eq=False)
class Blocks:
    """Values of several arms in repeats that they share.

    Args:
        values_AR: NaN for a repeat without a value.
        overlap: rho, as above.
    """

    values_AR: np.ndarray
    overlap: float = 0.0

    @cached_property
    def pooled(self) -> tuple[float, int]:
        """See `pooled_variance`."""
        return pooled_variance(self.values_AR)

    def difference(self, one: int, other: int) -> Interval:
        """Of arm `one` minus arm `other`, over the repeats that both have."""
        differences_R = self.values_AR[one] - self.values_AR[other]
        kept = differences_R[np.isfinite(differences_R)]
        mean = float(kept.mean()) if len(kept) else math.nan
        if len(kept) < LEAST_REPEATS:
            return Interval(mean, None, None, len(kept))
        own, (pooled, freedom) = float(kept.var(ddof=1)), self.pooled
        if freedom == 0:
            freedom = len(kept) - 1
        wide = math.sqrt(max(own, 2 * pooled) * variance_factor(len(kept), self.overlap))
        half = critical_value(len(self.values_AR), freedom) * wide
        return Interval(mean, mean - half, mean + half, len(kept))


def pooled_variance(values_AR: np.ndarray) -> tuple[float, int]:
    """Mean square of what neither arm nor repeat explains, and its degrees of freedom.

    Only repeats in which every arm has a value count; 0 degrees where those are fewer than two.
    """
    whole_AR = values_AR[:, np.isfinite(values_AR).all(axis=0)]
    arms, repeats = whole_AR.shape
    if repeats < LEAST_REPEATS:
        return 0.0, 0
    left_AR = whole_AR - whole_AR.mean(1, keepdims=True) - whole_AR.mean(0) + whole_AR.mean()
    freedom = (arms - 1) * (repeats - 1)
    return float((left_AR**2).sum() / freedom), freedom


@functools.lru_cache(maxsize=64)  # SciPy integrates for a quarter of a second
def critical_value(arms: int, freedom: int) -> float:
    """How many standard errors of a difference an interval reaches, all pairs at once."""
    from scipy.stats import studentized_range

    return float(studentized_range.ppf(CONFIDENCE, arms, freedom)) / math.sqrt(2)


def variance_factor(repeats: int, overlap: float) -> float:
    """Variance of a mean over `repeats`, as a multiple of the scatter's."""
    return 1 / repeats + overlap / (1 - overlap)
