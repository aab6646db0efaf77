"""Two models on the same images: is one better, and by how much; bounds of a mean over images.

Shapes: N images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

RESAMPLES = 4000


@dataclass(frozen=True)
class Bounds:
    """A mean over images and its two-sided interval; `count` images are behind it."""

    value: float
    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Swaps:
    """Images that one of two models has right and the other wrong.

    Args:
        gained: right with the candidate alone.
        lost: right with the champion alone.
        p: of McNemar's exact two-sided test.
    """

    gained: int
    lost: int
    p: float


def count_swaps(candidate_N: np.ndarray, champion_N: np.ndarray) -> Swaps:
    """Of two boolean arrays over the same images, in the same order."""
    gained = int((candidate_N & ~champion_N).sum())
    lost = int((champion_N & ~candidate_N).sum())
    return Swaps(gained, lost, mcnemar_p(gained, lost))


def mcnemar_p(gained: int, lost: int) -> float:
    """The exact two-sided p-value of McNemar's test.

    McNemar, Note on the sampling error of the difference between correlated proportions (1947), in
    its exact form: of the images on which the two differ, each is as likely to be won as lost.
    """
    if gained + lost == 0:
        return 1.0
    from scipy.stats import binomtest

    return float(binomtest(gained, gained + lost, 0.5).pvalue)


def share_bounds(right_N: np.ndarray, *, alpha: float) -> Bounds:
    """Of an accuracy: Wilson's interval."""
    from trainables.evaluation.intervals import wilson_interval

    right, total = int(right_N.sum()), len(right_N)
    low, high = wilson_interval(right, total, confidence=1 - alpha)
    return Bounds(right / total, low, high, total)


def mean_bounds(
    values_N: np.ndarray, *, alpha: float, least: float, most: float, seed: int = 0
) -> Bounds:
    """Of a mean of values between `least` and `most`: the percentile bootstrap over images.

    Efron, Bootstrap methods (1979). Resampling images is drawing how often each distinct value
    comes up, so the cost does not grow with the number of images.

    A bootstrap of values that are nearly all the same knows nothing of what it has not seen. So
    the bounds are never closer than those of a share that n images do not show at all,
    -ln(alpha / 2) / n (the rule of three: Hanley and Lippman-Hand, 1983), at the far end.
    """
    count, mean = len(values_N), float(values_N.mean())
    distinct_D, counts_D = np.unique(values_N, return_counts=True)
    rng = np.random.default_rng(seed)
    draws_RD = rng.multinomial(count, counts_D / count, size=RESAMPLES)
    low, high = np.quantile(draws_RD @ distinct_D / count, [alpha / 2, 1 - alpha / 2])
    unseen = min(1.0, -math.log(alpha / 2) / count)
    low = min(float(low), mean + unseen * (least - mean))
    high = max(float(high), mean + unseen * (most - mean))
    return Bounds(mean, low, high, count)


def difference_bounds(one_N: np.ndarray, other_N: np.ndarray, *, alpha: float) -> Bounds:
    """Of the mean of `one` less `other`, image by image, both in [0, 1]."""
    differences_N = one_N.astype(float) - other_N.astype(float)
    return mean_bounds(differences_N, alpha=alpha, least=-1.0, most=1.0)
