"""Against a published table and sums of a binomial done by hand."""

from __future__ import annotations

import pytest
from scipy.stats import binomtest

from trainables.evaluation.intervals import rises_beyond_noise, wilson_interval


# Newcombe, Two-sided confidence intervals for the single proportion, 1998, table I, method 3.
@pytest.mark.parametrize(
    ("right", "total", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_as_newcombe_has_it(
    right: int, total: int, low: float, high: float
) -> None:
    assert wilson_interval(right, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_interval_as_scipy_has_it(confidence: float) -> None:
    for total in (1, 2, 7, 256, 1000):
        for right in {0, 1, total // 3, total - 1, total}:
            scipy = binomtest(right, total).proportion_ci(confidence, method="wilson")
            ours = wilson_interval(right, total, confidence=confidence)
            assert ours == pytest.approx((scipy.low, scipy.high), abs=1e-12)


@pytest.mark.parametrize(("right", "total"), [(0, 0), (3, 2), (-1, 2)])
def test_no_interval_of_nonsense(right: int, total: int) -> None:
    with pytest.raises(ValueError, match="0 <= right <= total"):
        wilson_interval(right, total)


@pytest.mark.parametrize(
    ("gained", "lost", "beyond"),
    [
        (7, 0, True),  # chance 1/128 = 0.0078
        (6, 0, False),  # chance 1/64 = 0.0156
        (0, 7, False),
        (5, 5, False),
        (0, 0, False),
    ],
)
def test_a_rise_is_more_than_noise_below_one_percent(gained: int, lost: int, beyond: bool) -> None:
    assert rises_beyond_noise(gained, lost) is beyond
