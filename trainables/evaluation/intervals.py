"""Confidence intervals of a share. Apart from the metrics because scipy.stats is slow to import."""

from __future__ import annotations

from scipy.stats import binomtest


def wilson_interval(right: int, total: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval, without continuity correction, of `right` out of `total`.

    Raises:
        ValueError: not 0 <= right <= total, or total is 0.
    """
    if total < 1:
        raise ValueError(f"An interval needs at least one example. Got: {total}")
    interval = binomtest(right, total).proportion_ci(confidence_level=confidence, method="wilson")
    return float(interval.low), float(interval.high)


def rises_beyond_noise(gained: int, lost: int, *, level: float = 0.01) -> bool:
    """Whether more examples turned right than wrong by more than chance (one-sided sign test)."""
    if gained <= lost:
        return False
    return bool(binomtest(gained, gained + lost, 0.5, alternative="greater").pvalue < level)
