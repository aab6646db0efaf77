"""Laws of learning curves: exact ones found again, SciPy's answers, intervals that cover."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import optimize, stats

from orchestrator.label_curves.curve import make_curve
from orchestrator.label_curves.power_law import PowerLaws, fit_power_laws
from orchestrator.label_curves.resampling import Resamples

LADDER = np.array([10, 20, 50, 100, 200, 500, 1000, 2000, 5000])


def law(n: np.ndarray, floor: float, scale: float, exponent: float) -> np.ndarray:
    return floor + scale * np.asarray(n, float) ** -exponent


@pytest.mark.parametrize(
    "true", [(0.08, 1.0, 0.4), (0.0, 2.0, 0.5), (0.2, 0.9, 1.1), (0.05, 0.7, 0.15), (0.3, 0.0, 1.0)]
)
def test_a_law_without_noise_is_found_again(true):
    errors_1S = law(LADDER, *true)[None]
    found = fit_power_laws(LADDER, errors_1S, np.ones_like(errors_1S))
    assert found.errors(LADDER)[0] == pytest.approx(errors_1S[0], abs=1e-4)
    if true[1]:
        assert found.exponent_R[0] == pytest.approx(true[2], rel=5e-3)


def test_noisy_curves_are_fitted_as_scipy_does():
    """Least squares of three free constants; all of them at once, each with its own weights."""
    rng = np.random.default_rng(0)
    errors_RS = law(LADDER, 0.1, 1.2, 0.5) + rng.normal(0, 0.01, (6, 9))
    weights_RS = rng.uniform(0.5, 2, (6, 9))
    found = fit_power_laws(LADDER, errors_RS, weights_RS)
    for r in range(6):
        theirs, _ = optimize.curve_fit(
            law, LADDER, errors_RS[r], p0=(0.1, 1, 0.5), sigma=weights_RS[r] ** -0.5,
            bounds=((0, 0, 0.03), (1, 9, 3)),
        )  # fmt: skip
        assert found.errors(LADDER)[r] == pytest.approx(law(LADDER, *theirs), abs=2e-4)


def test_a_size_without_weight_does_not_count():
    errors_1S = law(LADDER, 0.1, 1.2, 0.5)[None]
    weights_1S = np.ones_like(errors_1S)
    spoilt_1S = errors_1S.copy()
    spoilt_1S[0, 3], weights_1S[0, 3] = 0.9, 0.0
    found = fit_power_laws(LADDER, spoilt_1S, weights_1S)
    assert found.errors(LADDER)[0] == pytest.approx(errors_1S[0], abs=1e-4)


def test_labels_for_an_error_by_hand():
    """0.05 + n^-1/2 is 0.15 with 100 labels, 0.10 with 400, and never 0.05."""
    laws = PowerLaws(np.array([0.05]), np.array([1.0]), np.array([0.5]))
    assert laws.sizes(0.15) == pytest.approx([100])
    assert laws.sizes(0.10) == pytest.approx([400])
    assert math.isinf(laws.sizes(0.05)[0]) and math.isinf(laws.sizes(0.01)[0])


def test_percentiles_are_stretched_as_students_t_asks():
    """Five splits: 2.776445 / 1.959964 x sqrt(5/4) is 1.58379.

    Of 0 to 100,000 around 50,000 the percentiles are 47,500 off, and so the bounds 75,230.
    """
    values_R = np.concatenate([[50_000], np.arange(100_001)]).astype(float)
    stretch = stats.t.ppf(0.975, 4) / stats.norm.ppf(0.975) * math.sqrt(5 / 4)
    assert stretch == pytest.approx(1.58379, abs=1e-5)
    span = Resamples.of(5).span(values_R)
    assert (span.low, span.high) == pytest.approx((-25_230, 125_230), abs=1)
    # By factors: 100 times less and more become 100^1.58379, 1,472 times.
    ratio = Resamples.of(5).span(np.array([1.0] + [0.01] * 100 + [100.0] * 100), ratio=True)
    assert (ratio.low, ratio.high) == pytest.approx((1 / 1472, 1472), rel=1e-3)


def test_a_resample_that_never_gets_there_leaves_the_upper_bound_open():
    span = Resamples.of(5).span(np.array([100.0] + [90.0] * 100 + [math.inf] * 50), ratio=True)
    assert span.low is not None and 80 < span.low < 90
    assert span.high == math.inf
    never = Resamples.of(5).span(np.array([math.inf] + [90.0] * 100 + [math.inf] * 50), ratio=True)
    assert (never.value, never.high) == (math.inf, math.inf)
    assert never.low == pytest.approx(90)


def test_one_split_gives_no_interval():
    span = Resamples.of(1).span(np.array([3.0]))
    assert (span.value, span.low, span.high) == (3.0, None, None)


def test_resamples_are_of_whole_splits():
    """By hand: splits drawn 2, 0, 1 times, of which the third has no value at the second size."""
    values_DS = np.array([[0.2, 0.4], [0.9, 0.9], [0.5, np.nan]])
    drawn_RD = np.array([[1, 1, 1], [2, 0, 1], [0, 0, 3]])
    means_RS, counts_RS = Resamples(drawn_RD).means(values_DS)
    assert counts_RS.tolist() == [[3, 2], [3, 2], [3, 0]]
    assert means_RS[1] == pytest.approx([0.3, 0.4])
    assert means_RS[2] == pytest.approx([0.5, 0.65])  # without a value: that of all splits


@pytest.mark.parametrize("splits", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_intervals_cover_the_truth(splits):
    """Made studies: what a split adds to all sizes, and noise that falls with their number."""
    rng = np.random.default_rng(splits)
    truth = float(PowerLaws(np.array([0.08]), np.array([1.1]), np.array([0.45])).sizes(0.15)[0])
    held = []
    for _ in range(100):
        shared_D1 = rng.normal(0, 0.006, (splits, 1))
        noise_DS = rng.normal(0, 0.15 / np.sqrt(LADDER), (splits, 9))
        accuracy_DS = 1 - law(LADDER, 0.08, 1.1, 0.45) + shared_D1 + noise_DS
        resamples = Resamples.of(splits, count=200)
        curve = make_curve("made", "net", "random", list(LADDER), accuracy_DS, resamples)
        span = curve.labels_for(0.85)
        if span is not None and span.low is not None and span.high is not None:
            held.append(span.low <= truth <= span.high)
    assert len(held) > 80  # nothing is said in the others: their law failed its check
    assert np.mean(held) >= 0.9
