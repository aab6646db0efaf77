"""Against a published table and sums of a binomial done by hand."""

from __future__ import annotations

import pytest

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


def test_no_examples_have_no_interval() -> None:
    with pytest.raises(ValueError, match="at least one"):
        wilson_interval(0, 0)


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
