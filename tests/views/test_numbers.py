"""Every kind of number against a table written by hand."""

from __future__ import annotations

import math

import pytest

from orchestrator.views import numbers


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (math.nan, "-"),
        (0, "0.0s"),
        (-1, "0.0s"),
        (3.14, "3.1s"),
        (9.94, "9.9s"),
        (9.96, "10s"),
        (59.4, "59s"),
        (59.6, "1m00s"),
        (312, "5m12s"),
        (3599.4, "59m59s"),
        (3599.6, "1h00m"),
        (3780, "1h03m"),
        (86_400 - 20, "1d00h"),
        (2 * 86_400 + 4 * 3600, "2d04h"),
    ],
)
def test_duration(seconds: float | None, words: str) -> None:
    assert numbers.duration(seconds) == words


@pytest.mark.parametrize(
    ("number", "unit", "words"),
    [
        (None, "", "-"),
        (0, "B", "0B"),
        (999, "", "999"),
        (1000, "", "1.00k"),
        (1280, "", "1.28k"),
        (999_600, "", "1.00M"),
        (3_504_872, "", "3.50M"),
        (61_100_840, "", "61.1M"),
        (138_357_544, "", "138M"),
        (20e9, "B", "20.0GB"),
        (5e15, "B", "5000TB"),
    ],
)
def test_si(number: float | None, unit: str, words: str) -> None:
    assert numbers.si(number, unit) == words


def test_percent_has_one_decimal_and_an_interval_where_there_is_one() -> None:
    assert numbers.percent(0.848) == "84.8"
    assert numbers.percent(None) == numbers.percent(math.inf) == "-"
    assert numbers.percent_between(0.848, 0.839, 0.856) == "84.8 (83.9-85.6)"
    assert numbers.percent_between(0.848, None, 0.856) == "84.8"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("val_acc", 0.5, "50.0"),
        ("fgsm_acc_eps_0.5", 0.25, "25.0"),
        ("robust_score", 0.125, "12.5"),
        ("train_seconds", 75.0, "1m15s"),
        ("val_loss", 0.45312, "0.4531"),
        ("val_acc", None, "-"),
    ],
)
def test_a_metric_is_shown_in_the_unit_of_its_name(
    name: str, value: float | None, words: str
) -> None:
    assert numbers.metric(name, value) == words


def test_count_has_commas() -> None:
    assert numbers.count(1_234_567) == "1,234,567"
    assert numbers.count(None) == "-"
