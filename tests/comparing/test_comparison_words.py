"""Comparisons in words, and which arms there are: tables by hand."""

from __future__ import annotations

import math

import pytest

from orchestrator.comparing.arms import choose_arms
from orchestrator.comparing.comparison import Difference, compare_values
from orchestrator.comparing.simultaneous import Interval
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from search_spaces.errors import UnknownNameError, UsageError

BASE = {"backbone": "vgg16", "lr": 1e-3, "seed": 0, "split_seed": 0, "epochs": 30}


def spec(direction: str = "maximize") -> StudySpec:
    fields = {
        "name": "s", "space": "backbone_compare", "space_version": 1, "space_question": "?",
        "objectives": [{"metric": "val_acc", "direction": direction}], "trials": 9, "seed": 0,
        "base_config": BASE, "folder": "/nowhere/s", "tracking_uri": "sqlite://",
        "experiment": "e", "created": 0.0,
    }  # fmt: skip
    return StudySpec.model_validate(fields)


def trial(number: int, backbone: str, acc: float | None, **changes: object) -> TrialFacts:
    lr = 1e-3 + number * 1e-4
    return TrialFacts(
        number=number,
        state="finished" if acc is not None else "pruned",
        label=f"{backbone} {lr:g}",
        params={"backbone": backbone, "lr": lr},
        config={**BASE, "backbone": backbone, "lr": lr, "seed": number, **changes},
        metrics={} if acc is None else {"val_acc": acc},
        values=() if acc is None else (acc,),
    )


@pytest.mark.parametrize(
    ("metric", "by", "expected"),
    [
        ("val_acc", (0.018, 0.009, 0.027), "a beats b by 1.8 points (95 %: 0.9 to 2.7)"),
        ("val_acc", (0.003, -0.004, 0.010),
         "between a and b nothing can be said (95 %: -0.4 to 1.0 points)"),
        ("val_loss", (0.25, 0.125, 0.375), "a beats b by 0.25 (95 %: 0.125 to 0.375)"),
        ("val_acc", (0.5, None, None), "a and b share too few repeats to be compared"),
    ],
)  # fmt: skip
def test_a_difference_in_words(metric: str, by: tuple, expected: str) -> None:
    assert Difference("a", "b", Interval(*by, 5)).sentence(metric) == expected


def test_each_arm_is_the_best_of_as_many_trials() -> None:
    """a has four trials, b two: of a the first two count, so trial 0, though trial 5 is better."""
    trials = [
        trial(0, "a", 0.70), trial(1, "b", 0.60), trial(2, "a", 0.65), trial(3, "b", 0.62),
        trial(4, "a", None), trial(5, "a", 0.99), trial(6, "c", None), trial(7, "c", None),
    ]  # fmt: skip
    chosen = choose_arms(trials, spec(), "backbone")
    assert (chosen.tuned, {name: arm.of for name, arm in chosen.arms.items()}) == (
        2, {"a": 0, "b": 3},
    )  # fmt: skip
    assert chosen.first_seed == 8  # the eighth trial had seed 7
    assert [(item.backbone, item.reason) for item in chosen.left_out] == [
        ("c", "none of its first 2 trials finished with a value")
    ]


def test_an_arm_is_what_differs_from_the_base_but_for_seeds_and_places() -> None:
    chosen = choose_arms([trial(3, "a", 0.7, epochs=9), trial(4, "b", 0.6)], spec(), "backbone")
    assert chosen.arms["a"].overrides == {"backbone": "a", "lr": pytest.approx(1.3e-3), "epochs": 9}


@pytest.mark.parametrize(
    ("by", "error", "words"),
    [
        ("backbon", UnknownNameError, "backbone"),
        ("lr", UsageError, "Of this study that is backbone"),
        ("epochs", UsageError, "2 to 20 values"),
    ],
)
def test_what_cannot_be_compared(by: str, error: type[Exception], words: str) -> None:
    trials = [trial(n, "ab"[n % 2], 0.5) for n in range(24)]
    with pytest.raises(error, match=words):
        choose_arms(trials, spec(), by)


def test_nothing_to_compare() -> None:
    with pytest.raises(UsageError, match="finished trials"):
        choose_arms([], spec(), "backbone")
    with pytest.raises(UsageError, match="--add-trials"):
        choose_arms([trial(0, "a", 0.5), trial(1, "b", None)], spec(), "backbone")


def test_less_is_better_where_it_is_minimised() -> None:
    arms, differences = compare_values({"a": [1.0, 1.1], "b": [0.5, 0.7]}, maximize=False)
    assert [arm.name for arm in arms] == ["b", "a"]
    assert (differences[0].better, differences[0].by.mean) == ("b", pytest.approx(0.45))


def test_an_arm_without_any_value_is_left_out() -> None:
    arms, differences = compare_values({"a": [1.0, 2.0], "b": [math.nan, math.nan]})
    assert ([arm.name for arm in arms], differences) == (["a"], ())
