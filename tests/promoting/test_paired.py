"""McNemar's test against the sum written out, and bounds against what they promise."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from orchestrator.promoting.paired import (
    count_swaps,
    difference_bounds,
    mcnemar_p,
    mean_bounds,
    share_bounds,
)


@pytest.mark.parametrize(
    ("gained", "lost"), [(0, 0), (1, 0), (5, 5), (8, 1), (30, 16), (3, 17), (60, 20)]
)
def test_mcnemar_is_the_binomial_sum(gained: int, lost: int) -> None:
    """Twice the tail of n fair coins, in whole numbers, at most 1."""
    n, least = gained + lost, min(gained, lost)
    tail = Fraction(sum(math.comb(n, k) for k in range(least + 1)), 2**n)
    assert mcnemar_p(gained, lost) == pytest.approx(float(min(Fraction(1), 2 * tail)), rel=1e-9)


def test_swaps_are_counted_in_their_direction() -> None:
    one = np.array([True, True, True, False, False])
    other = np.array([True, False, False, True, False])
    swaps = count_swaps(one, other)
    assert (swaps.gained, swaps.lost) == (2, 1)


def test_a_share_has_wilsons_interval() -> None:
    """Of 8 in 10 at 95 %: 0.490 to 0.943 (Wilson 1927; as in any table)."""
    bounds = share_bounds(np.arange(10) < 8, alpha=0.05)
    assert (bounds.value, bounds.count) == (0.8, 10)
    assert (round(bounds.low, 3), round(bounds.high, 3)) == (0.490, 0.943)


def test_nothing_seen_is_no_proof_of_nothing() -> None:
    """The rule of three: in 100 images without a difference there may be -ln(0.025) / 100."""
    same_N = np.ones(100, dtype=bool)
    bounds = difference_bounds(same_N, same_N, alpha=0.05)
    assert bounds.value == 0
    assert bounds.low == pytest.approx(-3.689 / 100, abs=1e-5)
    assert bounds.high == pytest.approx(3.689 / 100, abs=1e-5)


def test_the_bootstrap_is_as_wide_as_the_normal_interval() -> None:
    rng = np.random.default_rng(1)
    values_N = rng.choice([0.0, 0.25, 0.5, 1.0], size=2000)
    bounds = mean_bounds(values_N, alpha=0.05, least=0, most=1)
    half = 1.96 * values_N.std(ddof=1) / math.sqrt(2000)
    assert bounds.value == pytest.approx(values_N.mean())
    assert bounds.low == pytest.approx(bounds.value - half, abs=0.1 * half)
    assert bounds.high == pytest.approx(bounds.value + half, abs=0.1 * half)


def test_a_difference_covers_the_truth_as_often_as_it_says() -> None:
    """300 pairs of models of which the first is 3 points better: 95 % within 4 standard errors."""
    rng = np.random.default_rng(7)
    held = 0
    for _ in range(300):
        fate_N = rng.random(1000)  # both, first alone, second alone, neither
        one_N, other_N = fate_N < 0.78, (fate_N < 0.7) | ((fate_N > 0.78) & (fate_N < 0.83))
        bounds = difference_bounds(one_N, other_N, alpha=0.05)
        held += bounds.low <= 0.03 <= bounds.high
    assert abs(held / 300 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 300)
