"""Confidence intervals of a share, and a test of a change."""

from __future__ import annotations

import math
from statistics import NormalDist


def wilson_interval(right: int, total: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval, without continuity correction, of `right` out of `total`.

    Wilson, Probable inference, JASA 22 (1927). Written out, since importing scipy.stats for these
    four lines takes longer (1 to 2.6 s) than all else that `orchestrator show` does; the tests
    hold it against scipy's.

    Raises:
        ValueError: not 0 <= right <= total, or total is 0.
    """
    if total < 1 or not 0 <= right <= total:
        raise ValueError(f"An interval needs 0 <= right <= total, total > 0. Got: {right}, {total}")
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share, weight = right / total, z * z / total
    centre = share + weight / 2
    half = z * math.sqrt(share * (1 - share) / total + weight / (4 * total))
    return max(0.0, (centre - half) / (1 + weight)), min(1.0, (centre + half) / (1 + weight))


def rises_beyond_noise(gained: int, lost: int, *, level: float = 0.01) -> bool:
    """Whether more examples turned right than wrong by more than chance (one-sided sign test)."""
    if gained <= lost:
        return False
    from scipy.stats import binomtest

    return bool(binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue < level)
