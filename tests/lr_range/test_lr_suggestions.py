"""Suggestions on curves whose steepest point and minimum are known in closed form.

Shapes: S steps.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from search_spaces.errors import UnknownNameError, UsageError
from trainables.lr_range import SUGGESTIONS
from trainables.lr_range.several import RangeTest
from trainables.lr_range.smoothing import average, diverged_at, smooth
from trainables.lr_range.suggesting import read_sweep
from trainables.lr_range.valley import longest_fall
from trainables.lr_range.value import LrRange, Suggestion

LRS_S = np.geomspace(1e-6, 1.0, 121)  # 20 steps a decade: step 60 is 1e-3
STEP = 10 ** (1 / 20)  # ratio of two neighbours


def _logistic(centre: float, *, high: float = 2.3, low: float = 0.3) -> np.ndarray:
    """Falls from `high` to `low`, steepest where log lr = log centre."""
    x_S = np.log(LRS_S / centre)
    return low + (high - low) / (1 + np.exp(1.5 * x_S))


def _with_rise(centre: float, least: float) -> np.ndarray:
    """A parabola in log lr right of `least`, on top of the logistic's floor."""
    rise_S = np.clip(np.log(LRS_S / least), 0, None) ** 2
    return _logistic(centre) + rise_S


def _ask(name: str, losses_S: np.ndarray) -> tuple[float | None, str]:
    return SUGGESTIONS.get(name)(LRS_S[: len(losses_S)], losses_S)


@pytest.mark.parametrize("centre", [1e-4, 1e-3, 1e-2])
def test_steep_is_at_the_centre_of_a_logistic(centre: float) -> None:
    lr, reason = _ask("steep", _logistic(centre))
    assert lr == pytest.approx(centre, rel=1e-9)
    # Slope at the centre: -(high - low) * 1.5 / 4 for a factor e, times ln 10 for a tenfold.
    assert f"{2.0 * 1.5 / 4 * math.log(10):.2g}"[:3] in reason


@pytest.mark.parametrize("centre", [1e-4, 1e-3, 1e-2])
def test_smoothing_moves_the_steepest_point_by_less_than_a_step(centre: float) -> None:
    found = read_sweep(LRS_S, _logistic(centre)).suggestion("steep").lr
    assert found is not None and centre / STEP / 1.001 <= found <= centre * STEP * 1.001


def test_steep_of_a_noisy_logistic_is_near() -> None:
    found = []
    for seed in range(20):
        noise_S = np.random.default_rng(seed).normal(0, 0.1, len(LRS_S))
        lr = read_sweep(LRS_S, _logistic(1e-3) + noise_S).suggestion("steep").lr
        assert lr is not None
        found.append(math.log10(lr / 1e-3))
    # A logistic with this slope falls over about one and a half decades.
    assert max(map(abs, found)) < 0.75 and abs(float(np.mean(found))) < 0.2


def test_minimum_is_a_tenth_of_where_the_loss_is_least() -> None:
    losses_S = 1 + np.log(LRS_S / 1e-2) ** 2  # step 80
    lr, reason = _ask("minimum", losses_S)
    assert lr == pytest.approx(1e-3, rel=1e-9) and "0.01" in reason
    smoothed = read_sweep(LRS_S, losses_S).suggestion("minimum").lr
    assert smoothed == pytest.approx(1e-3, rel=0.13)  # one step is 12 %


def test_minimum_of_a_curve_that_falls_to_its_end_says_so() -> None:
    lr, reason = _ask("minimum", _logistic(1e-3))
    assert lr == pytest.approx(0.1) and "may fall further" in reason


def test_valley_is_the_middle_of_the_longest_fall() -> None:
    # Falls by steps 0..10, rises to 40, falls by 40..100, rises.
    corners = ([0, 10, 40, 100, 120], [2.0, 1.8, 2.5, 0.5, 4.0])
    losses_S = np.interp(np.arange(121), *corners)
    lr, reason = _ask("valley", losses_S)
    # The fall to new lows from 2.5 at step 40 down to 0.5 at step 100 has 61 steps.
    assert lr == pytest.approx(LRS_S[70], rel=1e-9)
    assert "0.0001" in reason and "0.1" in reason


@pytest.mark.parametrize(
    ("losses", "length"),
    [([3, 1, 2], 2), ([1, 2, 3], 1), ([5, 4, 6, 3, 7, 2], 4), ([2, 2, 2], 1), ([1], 1)],
)
def test_the_longest_fall(losses: list[float], length: int) -> None:
    steps = longest_fall(np.array(losses, dtype=float))
    assert len(steps) == length and steps == sorted(steps)
    values = [losses[s] for s in steps]
    assert all(a > b for a, b in itertools.pairwise(values))


def _slide_by_the_book(losses_S: np.ndarray) -> float:
    """The rule as it is told: both ends go left together while their slopes differ."""
    slope_S, right, left = np.gradient(losses_S), len(losses_S) - 1, len(losses_S) - 16
    answer = LRS_S[left]
    while left >= 0 and abs(slope_S[right] - slope_S[left]) > 0.005:
        answer = LRS_S[left]
        right, left = right - 1, left - 1
    return float(answer)


def test_slide_stops_where_both_ends_of_the_interval_are_on_the_flat() -> None:
    # Down to step 20, flat to step 80, then 0.009 (s - 80)^2: its slope at s is 0.018 (s - 80).
    losses_S = np.interp(np.arange(121.0), [0, 20, 120], [2.0, 1.0, 1.0])
    losses_S += 0.009 * np.clip(np.arange(121.0) - 80, 0, None) ** 2
    # Right end at 81 (slope 0.018) still differs from 66 (flat); at 80 it is 0.0045, alike.
    lr, _ = _ask("slide", losses_S)
    assert lr == pytest.approx(LRS_S[66]) == _slide_by_the_book(losses_S)


@pytest.mark.parametrize("seed", range(5))
def test_slide_is_the_rule_as_told(seed: int) -> None:
    noise_S = np.random.default_rng(seed).normal(0, 0.01 * seed, 121)
    losses_S = _with_rise(1e-4, 10 ** (-3 + 0.4 * seed)) + noise_S
    assert _ask("slide", losses_S)[0] == pytest.approx(_slide_by_the_book(losses_S))


@pytest.mark.parametrize("name", ["steep", "valley", "minimum", "slide"])
@pytest.mark.parametrize(
    "losses",
    [
        np.linspace(1, 2, 121),  # rises from the start
        np.full(121, 2.3),  # a net that learns nothing
        np.linspace(2.3, 2.29, 121),  # by less than 1 %
        np.array([2.0, 1.0]),
        np.array([]),
    ],
)
def test_a_curve_that_never_falls_gives_none_and_why(name: str, losses: np.ndarray) -> None:
    lr, reason = _ask(name, losses)
    assert lr is None and ("never falls" in reason or "steps can be trusted" in reason)


@pytest.mark.parametrize("name", ["steep", "valley", "minimum", "slide"])
@pytest.mark.parametrize("tail", [math.nan, math.inf, -math.inf])
def test_a_tail_that_is_not_finite_changes_nothing_before_it(name: str, tail: float) -> None:
    losses_S = _with_rise(1e-3, 1e-1)
    whole = read_sweep(LRS_S[:105], losses_S[:105], steps=121)
    cut = read_sweep(LRS_S, np.where(np.arange(121) < 105, losses_S, tail))
    assert cut.suggestion(name) == whole.suggestion(name)
    assert np.isnan(cut.smoothed_S[105:]).all() and np.isfinite(cut.smoothed_S[:105]).all()
    assert math.isnan(cut.losses_S[110]) == math.isnan(tail)  # kept as they were


@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("at", [0, 1, 5, 14, 25])
def test_an_early_spike_changes_no_suggestion_by_much(width: int, at: int) -> None:
    losses_S = _with_rise(1e-3, 3e-2)
    spiked_S = losses_S.copy()
    spiked_S[at : at + width] = 50.0
    for name in ("steep", "minimum"):
        lr = read_sweep(LRS_S, losses_S).suggestion(name).lr
        spiked = read_sweep(LRS_S, spiked_S).suggestion(name).lr
        assert lr is not None and spiked == pytest.approx(lr, rel=0.13)  # a step


def test_a_wide_spike_is_no_descent() -> None:
    losses_S = _logistic(1e-3)
    losses_S[16:26] = 7.0  # too wide for the median; comes back much steeper than the logistic
    lr = read_sweep(LRS_S, losses_S).suggestion("steep").lr
    assert lr is not None and 1e-3 / STEP**2 < lr < 1e-3 * STEP**2


@pytest.mark.parametrize(
    ("losses", "steps", "expected"),
    [
        ([1.0] * 30, 30, None),
        ([1.0] * 20 + [math.nan], 30, 20),
        ([1.0] * 20 + [math.inf, 1.0], 30, 20),
        ([math.nan], 30, 0),
        ([9.0, 9.0, 9.0] + [1.0] * 27, 30, None),  # falling is not diverging
        ([1.0, 1.0, 900.0] + [1.0] * 27, 30, None),  # one spike, within the first tenth
        ([1.0] * 15 + [900.0] + [1.0] * 14, 30, None),  # one spike, later
    ],
)
def test_divergence(losses: list[float], steps: int, expected: int | None) -> None:
    assert diverged_at(np.array(losses), steps) == expected


def test_a_loss_that_stays_above_four_times_the_best_has_diverged() -> None:
    # With a share of 0.8, k steps at 10 bring the average of 1 to 1 + 9 (1 - 0.8^k): above 4 at
    # k = 2 (4.24). The median of five steps sees the rise at its place.
    losses = np.array([1.0] * 60 + [10.0] * 10)
    at = diverged_at(losses, 100)
    assert at is not None and at == 61


def test_the_average_is_bias_corrected() -> None:
    # Weights 0.8^k: (0.8 * 1 + 2) / 1.8, then (0.64 * 1 + 0.8 * 2 + 6) / 2.44.
    assert average(np.array([1.0, 2.0, 6.0]), 0.8) == pytest.approx([1.0, 2.8 / 1.8, 8.24 / 2.44])
    assert smooth(np.full(9, 3.0)) == pytest.approx(np.full(9, 3.0))


def test_a_straight_line_stays_where_it_is() -> None:
    line_S = np.linspace(5, 1, 121)
    assert smooth(line_S)[30:90] == pytest.approx(line_S[30:90], abs=1e-3)


def _range(*rates: float | None) -> LrRange:
    suggestions = tuple(
        Suggestion(name, lr, "why") for name, lr in zip(("steep", "valley"), rates, strict=True)
    )
    return LrRange((1e-3, 1e-2), (2.0, 1.0), (2.0, 1.0), suggestions)


def test_seeds_are_meant_geometrically() -> None:
    test = RangeTest((_range(1e-4, None), _range(1e-2, None), _range(1e-3, 0.5)))
    steep, valley = test.suggestions
    assert steep.lr == pytest.approx(1e-3) and "3 seeds, 0.0001 to 0.01" in steep.reason
    assert valley.lr == pytest.approx(0.5) and "1 of 3 seeds" in valley.reason
    assert RangeTest((_range(None, 1.0), _range(None, 1.0))).suggestion("steep").lr is None
    assert RangeTest((_range(1e-4, 2.0),)).suggestions == _range(1e-4, 2.0).suggestions


@pytest.mark.parametrize("ranges", [(), (_range(1, 1), LrRange((1,), (1,), (1,)))])
def test_what_is_no_range_test(ranges: Any) -> None:
    with pytest.raises(UsageError, match="one sweep or more"):
        RangeTest(ranges)


def test_json_and_back() -> None:
    import json

    losses_S = np.append(_logistic(1e-3)[:-2], [math.nan, 5.0])
    test = RangeTest((read_sweep(LRS_S, losses_S, stopped="the loss is not finite"),) * 2)
    text = json.dumps(test.to_json(), allow_nan=False)
    back = RangeTest.from_json(json.loads(text))
    assert json.dumps(back.to_json()) == text
    assert back.suggestions == test.suggestions and back.ranges[0].stopped
    assert back.ranges[0].lrs_S == test.ranges[0].lrs_S
    assert math.isnan(back.ranges[0].losses_S[-2]) and back.ranges[0].losses_S[-1] == 5.0


def test_a_rule_that_was_not_asked() -> None:
    one = read_sweep(LRS_S, _logistic(1e-3), names=["steep"])
    assert [s.name for s in one.suggestions] == ["steep"]
    with pytest.raises(UnknownNameError, match="valley"):
        one.suggestion("valley")
    with pytest.raises(UnknownNameError, match="steep"):
        read_sweep(LRS_S, _logistic(1e-3), names=["steepest"])
