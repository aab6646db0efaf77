"""Resamples of the splits, shared by all arms of a study, and the intervals that they give.

A split settles the images that are labelled first and those that are validated on, so its results
with 10 and with 5,000 labels, and with any strategy, hang together: splits are drawn with
replacement, whole (a cluster bootstrap). With few splits percentiles of it are too narrow
(Hesterberg 2015, What Teachers Should Know About the Bootstrap, who moves them outward; of three
splits there are none to move to). So distances from the figure are stretched, by sqrt(D / (D - 1))
and by as much as Student's t with D - 1 degrees of freedom is wider than a normal. Of made
studies whose law is trusted, of three splits or of five, at least 90 % have the truth within
(tests/label_curves/test_power_law.py makes 100 of each).

Shapes: D splits, S sizes, R resamples; the first one is the splits as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

RESAMPLES = 1000
_TAIL = 0.025


@dataclass(frozen=True)
class Span:
    """A figure with its 95 % interval; no bounds where there is one split only."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, eq=False)
class Resamples:
    """How often each split is drawn, [R, D]."""

    times_RD: np.ndarray

    @classmethod
    def of(cls, splits: int, *, seed: int = 0, count: int = RESAMPLES) -> Resamples:
        """`count` of them after the splits as they are; that alone of a single split."""
        as_they_are_1D = np.ones((1, splits), np.int64)
        if splits < 2:
            return cls(as_they_are_1D)
        rng = np.random.default_rng(seed)
        drawn_RD = rng.multinomial(splits, np.full(splits, 1 / splits), size=count)
        return cls(np.concatenate([as_they_are_1D, drawn_RD]))

    @property
    def splits(self) -> int:
        """There are."""
        return self.times_RD.shape[1]

    def means(self, values_DS: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean of each resample and how many values are behind it, [R, S]; NaN is no value.

        Where a resample has none, the mean of the splits as they are stands for it.
        """
        known_DS = np.isfinite(values_DS)
        counts_RS = self.times_RD @ known_DS.astype(float)
        sums_RS = self.times_RD @ np.where(known_DS, values_DS, 0.0)
        means_RS = sums_RS / np.maximum(counts_RS, 1)
        return np.where(counts_RS > 0, means_RS, means_RS[:1]), counts_RS

    def span(self, values_R: np.ndarray, *, ratio: bool = False) -> Span:
        """Of a figure of each resample.

        Args:
            ratio: a positive figure, infinite ones among them, whose distances are factors.
        """
        value = float(values_R[0])
        if self.splits < 2:
            return Span(value)
        with np.errstate(divide="ignore"):
            scaled_R = np.log(values_R) if ratio else np.asarray(values_R, float)
        # "lower" and "higher" are values that came up, so that infinite ones need no mean.
        low = float(np.quantile(scaled_R[1:], _TAIL, method="lower"))
        high = float(np.quantile(scaled_R[1:], 1 - _TAIL, method="higher"))
        if np.isfinite(scaled_R[0]):
            low, high = (scaled_R[0] + self.stretch * (x - scaled_R[0]) for x in (low, high))
        if ratio:
            low, high = (float(np.exp(min(x, 700.0))) if x < np.inf else x for x in (low, high))
        return Span(value, min(float(low), value), max(float(high), value))

    @property
    def stretch(self) -> float:
        """How much farther from a figure its bounds are than the resamples' percentiles."""
        from scipy.special import ndtri, stdtrit

        wider = float(stdtrit(self.splits - 1, 1 - _TAIL) / ndtri(1 - _TAIL))
        return wider * (self.splits / (self.splits - 1)) ** 0.5
