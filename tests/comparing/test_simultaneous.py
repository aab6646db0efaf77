"""Intervals of differences: a table by hand, other libraries' answers, and simulated studies."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from orchestrator.comparing.comparison import compare_values
from orchestrator.comparing.simultaneous import (
    Blocks,
    critical_value,
    mean_interval,
    pooled_variance,
    variance_factor,
)

BY_HAND = np.array([[0.80, 0.82, 0.84], [0.78, 0.81, 0.81], [0.70, 0.74, 0.72]])


def test_the_pooled_variance_by_hand() -> None:
    """Row means .82, .80, .72; column means .76, .79, .79; of all .78.

    What is left, in thousandths: 0 -10 10 / 0 0 0 / 0 10 -10: squares 4e-4 over 4 degrees.
    """
    variance, freedom = pooled_variance(BY_HAND)
    assert freedom == 4
    assert variance == pytest.approx(4e-4 / 4)


def test_a_repeat_without_a_value_counts_in_no_pooled_figure() -> None:
    holed = np.concatenate([BY_HAND, [[0.9], [math.nan], [0.1]]], axis=1)
    assert pooled_variance(holed) == pooled_variance(BY_HAND)
    assert pooled_variance(np.full((2, 3), math.nan)) == (0.0, 0)


def test_a_difference_by_hand() -> None:
    """First minus third: .10, .08, .12, so .10 on average, own variance 4e-4 > 2 x pooled 1e-4."""
    found = Blocks(BY_HAND).difference(0, 2)
    half = critical_value(3, 4) * math.sqrt(4e-4 / 3)
    assert (found.mean, found.repeats) == (pytest.approx(0.10), 3)
    assert (found.low, found.high) == (pytest.approx(0.10 - half), pytest.approx(0.10 + half))


def test_an_arm_that_does_not_scatter_is_judged_by_the_others() -> None:
    values_AR = np.array([[0.5, 0.5, 0.5], [0.6, 0.6, 0.6], [0.1, 0.5, 0.9]])
    found = Blocks(values_AR).difference(1, 0)
    assert found.low is not None and found.low < 0  # though 0.1 in every repeat


@pytest.mark.parametrize("repeats", [3, 5, 10])
def test_two_arms_are_a_paired_t_test(repeats: int) -> None:
    rng = np.random.default_rng(repeats)
    values_AR = rng.normal(0.8, 0.02, (2, repeats))
    found = Blocks(values_AR).difference(0, 1)
    theirs = stats.ttest_rel(values_AR[0], values_AR[1]).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@pytest.mark.parametrize(
    ("arms", "freedom", "expected"), [(3, 10, 3.877), (5, 20, 4.232), (10, 60, 4.646)]
)
def test_critical_values_of_the_printed_table(arms: int, freedom: int, expected: float) -> None:
    """Studentised range at 5 %, as tables print it."""
    assert critical_value(arms, freedom) * math.sqrt(2) == pytest.approx(expected, abs=2e-3)


def test_nadeau_and_bengio() -> None:
    """Their example: a tenth held out, ten repeats: 1/10 + (1/10)/(9/10), not 1/10."""
    assert variance_factor(10, 0.1) == pytest.approx(1 / 10 + 1 / 9)
    apart, overlapping = (mean_interval([0.8, 0.82, 0.81], each) for each in (0.0, 0.5))
    assert apart.low is not None and overlapping.low is not None
    assert apart.low > overlapping.low


@pytest.mark.parametrize("values", [[], [0.5], [0.5, math.nan]])
def test_too_few_repeats_have_no_interval(values: list[float]) -> None:
    found = mean_interval(values, 0.0)
    assert (found.low, found.high, found.repeats) == (None, None, sum(map(math.isfinite, values)))


def _searched(rng: np.random.Generator, better: float, arms: int) -> dict[str, list[float]]:
    """Validation accuracies of 5 splits of 1,000 images, of arms that are right on 80 % of all.

    What is hard for one arm is hard for the others, most of the time (60 % of the variance); each
    training has luck of its own (0.8 points). The first arm is `better` than the others, which
    are equal by construction.
    """
    share = 0.80 + better * (np.arange(arms) == 0)[:, None] + rng.normal(0, 0.008, (arms, 5))
    shared_RN, own_ARN = rng.normal(size=(5, 1000)), rng.normal(size=(arms, 5, 1000))
    difficulty_ARN = math.sqrt(0.6) * shared_RN + math.sqrt(0.4) * own_ARN
    right_AR = (difficulty_ARN < stats.norm.ppf(share)[..., None]).mean(axis=2)
    return {f"arm {number}": list(values) for number, values in enumerate(right_AR)}


@pytest.mark.parametrize("arms", [4, pytest.param(8, marks=pytest.mark.slow)])
def test_equal_arms_are_called_different_in_at_most_5_percent_of_200_cases(arms: int) -> None:
    """Two arms are a t test, whose rate is 5 % exactly; with more, the larger variance counts."""
    rng = np.random.default_rng(arms)
    cases = [compare_values(_searched(rng, 0.0, arms))[1] for _ in range(200)]
    wrong = sum(any(each.is_told for each in differences) for differences in cases)
    assert wrong <= 10


@pytest.mark.parametrize("arms", [2, 4, pytest.param(8, marks=pytest.mark.slow)])
def test_three_points_are_found_in_most_pairs(arms: int) -> None:
    rng = np.random.default_rng(100 + arms)
    told = []
    for _ in range(30):
        _, differences = compare_values(_searched(rng, 0.03, arms))
        pairs = [each for each in differences if "arm 0" in (each.better, each.worse)]
        told += [each.is_told and each.better == "arm 0" for each in pairs]
    assert np.mean(told) > 0.5
