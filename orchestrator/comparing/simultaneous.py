"""Intervals of all differences at once, from values in repeats that share their splits.

Shapes: A arms, R repeats.

Two sources of error are met:

- Many comparisons. Intervals are Tukey's (Tukey 1949, Comparing individual means in the analysis
  of variance), in a design with repeats as blocks: the chance that any of them misses is 5 %.
  The variance is the larger of the one pooled over all arms and the pair's own, so that an arm
  that scatters more than the others is not judged by their calm.
- Splits that overlap: `trainables/evaluation/overlap.py`.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trainables.evaluation.overlap import (
    CONFIDENCE,
    LEAST_REPEATS,
    Interval,
    mean_interval,
    variance_factor,
)

__all__ = [
    "CONFIDENCE",
    "Blocks",
    "Interval",
    "critical_value",
    "mean_interval",
    "pooled_variance",
    "variance_factor",
]


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
