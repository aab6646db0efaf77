"""The ranked table: order, figures with Wilson's intervals, what it rests on, and its widths."""

from __future__ import annotations

import math

import pytest
from view_parts import STUDY, result, screen, spec, text_of, trial

from orchestrator.views.ranked import further, print_ranked
from orchestrator.views.ranked_rows import BackboneFacts, ranked_rows

FACTS = {"tf_efficientnet_lite2": BackboneFacts(1280, 6_092_072)}


def wilson(share: float, count: int) -> tuple[float, float]:
    """Wilson (1927), written out: the formula in any textbook, z = 1.959964."""
    z = 1.959964
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    root = math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    half = z * root / (1 + z * z / count)
    return middle - half, middle + half


def test_intervals_are_wilsons_over_the_images_of_each_split() -> None:
    row = ranked_rows(result(), FACTS)[0]
    assert (row.val.low, row.val.high) == pytest.approx(wilson(0.842, 1000), abs=1e-6)
    assert (row.train.low, row.train.high) == pytest.approx(wilson(0.99, 1000), abs=1e-6)
    low, high = wilson(round(0.21 * 256) / 256, 256)
    assert (row.robust_score.low, row.robust_score.high) == pytest.approx((low, high), abs=1e-6)
    assert row.robust_acc.low == pytest.approx(0.0, abs=1e-9)


def test_robust_at_one_epsilon_is_what_the_second_attack_left() -> None:
    metrics = {"val_acc": 0.9, "robust_acc": 0.25, "robust_score": 0.3}
    both = trial(0, metrics={**metrics, "second_acc": 0.0625}), trial(1, metrics=metrics)
    rows = ranked_rows(result(results=both), FACTS)
    assert [row.robust_acc.value for row in rows] == [0.0625, 0.25]
    for found, said in ((both, True), (both[1:], False)):
        console = screen(120)
        print_ranked(console, result(results=found), FACTS)
        words = " ".join(text_of(console).split())
        assert ("The score is of fgsm, robust 8/255 of pgd in 10 steps after it." in words) == said


def test_best_comes_first_and_only_finished_trials_are_ranked() -> None:
    rows = [trial(0, metrics={"val_acc": 0.5}), trial(1, metrics={"val_acc": 0.7})]
    shuffled = result(results=(*rows, trial(2, state="failed", metrics={"val_acc": 0.9})))
    assert [row.number for row in ranked_rows(shuffled)] == [1, 0]


@pytest.mark.parametrize("width", [80, 100, 140, 160])
def test_every_figure_is_there_and_no_line_is_too_wide(width: int) -> None:
    console = screen(width)
    print_ranked(console, result(stopped="stopped by Ctrl-C"), FACTS)
    text = text_of(console)
    assert max(len(line) for line in text.splitlines()) <= width
    for figure in (
        "84.2",
        "81.8-86.3",
        "1,280",
        "6.09M",
        "128 px",
        "30",
        "12s",
        "1.5s",
        "98.2-99.5",
    ):
        assert figure in text
    words = " ".join(text.split())
    assert "2,000 labels used in all" in words
    assert "Trials 5, 6 failed: disk full" in words
    assert "Trial 4 (tf_efficientnet_lite2 · 128 px · lr 1e-3) pruned: sees nothing" in words
    assert "Left out: vgg16, vgg19: the hub cannot be reached" in words


def test_a_study_without_a_finished_trial_says_so() -> None:
    console = screen(80)
    print_ranked(console, result(results=(trial(0, state="running", metrics={}),)), {})
    assert f"No trial of {STUDY} has finished." in " ".join(text_of(console).split())


def test_a_metric_that_is_not_there_is_left_open() -> None:
    console = screen(160)
    only = trial(0, metrics={"val_acc": math.nan}, config={})
    print_ranked(console, result(results=(only,)), {})
    assert "nan" not in text_of(console)


def test_how_to_go_on_is_said_only_when_there_is_something_to_go_on_with() -> None:
    assert not any("resume" in line for line in further(result(), 160))
    stopped = further(result(stopped="the time budget is used up", unsent="Not sent: 2 runs."), 160)
    assert stopped[0] == "Ended early: the time budget is used up."
    assert stopped[1] == "Not sent: 2 runs."
    assert any(line.startswith(f"  orchestrator resume {STUDY}") for line in stopped)
    assert any(line.startswith(f"  orchestrator sync {STUDY}") for line in stopped)


def test_a_whole_validation_split_of_one_image_has_an_interval_too() -> None:
    small = spec(split={**spec().split.model_dump(), "val": 1, "train": 1, "robust": 1})
    row = ranked_rows(result(spec=small, results=(trial(0, metrics={"val_acc": 1.0}),)))[0]
    assert (row.val.low, row.val.high) == pytest.approx(wilson(1.0, 1), abs=1e-6)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ([{"train_size": 10}, {"train_size": 1000}], {"train_size": "1,000"}),
        ([{"lr": 1e-3}, {"lr": 3e-2}], {"lr": "0.03"}),
        ([{"lr.head": 1e-3}, {"lr.all": 3e-2}], {"lr": "0.03"}),
        ([{"tune": "all", "lr": 1e-3}, {"tune": "all", "lr": 3e-2}], {"lr": "0.03"}),
        # Of many, those that tell most.
        ([{"tune": "head", "lr": 1e-3, "dropout": 0.1, "weight_decay": 0.1},
          {"tune": "all", "lr": 3e-2, "dropout": 0.2, "weight_decay": 0.2}], {"tune": "all"}),
        ([{"backbone": "vgg16", "epochs": 3}, {"backbone": "vgg19", "epochs": 4}], {}),
    ],
)  # fmt: skip
def test_what_was_searched_has_a_column(params: list[dict], expected: dict[str, str]) -> None:
    """Of the second trial, the better one."""
    results = tuple(
        trial(
            number,
            params=each,
            config={name.partition(".")[0]: value for name, value in each.items()},
            metrics={"val_acc": number / 10},
            values=(number / 10,),
        )
        for number, each in enumerate(params)
    )
    first, _ = ranked_rows(result(results=results))
    assert dict(first.searched) == expected
