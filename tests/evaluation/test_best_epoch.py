"""The best epoch by any figure: a table worked out by hand, and the command that shows it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from evaluated_study import EvaluatedStudy

from orchestrator.views.evaluation_table import best_epoch_in_words
from search_spaces.errors import UnknownNameError, UsageError
from trainables.evaluation import BestEpoch, best_epoch_by
from trainables.trained import best_epoch

NAN = float("nan")
HISTORY = [
    {"epoch": 1, "val_loss": 0.9, "val_acc": 0.50, "train_acc": 0.5, "val_ece": 0.10, "lr": 0.1},
    {"epoch": 2, "val_loss": 0.6, "val_acc": 0.70, "train_acc": 0.7, "val_ece": 0.02, "lr": 0.1},
    {"epoch": 3, "val_loss": 0.6, "val_acc": 0.72, "train_acc": 0.9, "val_ece": NAN, "lr": 0.1},
    {"epoch": 4, "val_loss": 0.8, "val_acc": 0.71, "train_acc": 1.0, "val_ece": 0.05, "lr": 0.1},
    {"epoch": 5, "train_acc": 0.99, "val_loss": None},
]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("val_loss", (2, 0.6, 4, 4, 0.8)),  # the first of two equals; epoch 5 was not measured
        ("val_acc", (3, 0.72, 4, 4, 0.71)),  # more is better
        ("val_ece", (2, 0.02, 3, 4, 0.05)),  # less is better; not-a-number is no figure
        ("train_acc", (4, 1.0, 5, 5, 0.99)),
    ],
)
def test_by_hand(metric: str, expected: tuple[int, float, int, int, float]) -> None:
    best = best_epoch_by(HISTORY, metric)
    assert best is not None and best.metric == metric
    assert (best.epoch, best.value, best.measured, best.last_epoch, best.last) == expected


def test_by_the_validation_loss_it_is_the_trials_own_figure() -> None:
    best = best_epoch_by(HISTORY[:4])
    assert best is not None
    own = {"best_epoch": float(best.epoch), "best_val_loss": best.value}
    assert own == best_epoch([{k: v for k, v in row.items() if v} for row in HISTORY[:4]])


def test_a_figure_that_no_epoch_has() -> None:
    with pytest.raises(UnknownNameError, match=r"'val_ac'.*train_acc, val_acc.*mean 'val_acc'"):
        best_epoch_by(HISTORY, "val_ac")
    for name in ("lr", "epoch"):
        with pytest.raises(UnknownNameError):
            best_epoch_by(HISTORY, name)
    with pytest.raises(UsageError, match="this has none"):
        best_epoch_by([], "val_acc")
    assert best_epoch_by([]) is None
    assert best_epoch_by([{"epoch": 1, "val_loss": NAN}]) is None


@pytest.mark.parametrize(
    ("best", "words"),
    [
        (
            BestEpoch(metric="val_acc", epoch=3, value=0.72, measured=4, last_epoch=4, last=0.71),
            "Best epoch by val_acc: 3 (72.0); the last of 4 measured, 4, has 71.0.",
        ),
        (
            BestEpoch(
                metric="val_loss", epoch=9, value=0.512, measured=9, last_epoch=9, last=0.512
            ),
            "Best epoch by val_loss: 9 (0.512), the last of 9 measured.",
        ),
    ],
)
def test_in_words(best: BestEpoch, words: str) -> None:
    assert best_epoch_in_words(best) == words


def test_the_command_says_it_and_keeps_it(
    small_study: EvaluatedStudy, line: Callable[..., tuple[int, str, str]]
) -> None:
    report = small_study.reports[1]
    status, out, err = line("evaluate", "small/1", "--no-pictures")
    assert status == 0, err
    assert f"Best epoch by val_loss: {report.metrics['best_epoch']:g} (" in out
    path = small_study.trial_folder(1) / "evaluation" / "evaluation-val.json"
    kept = json.loads(path.read_text())["best_epoch"]
    assert (kept["epoch"], kept["value"]) == (
        report.metrics["best_epoch"], report.metrics["best_val_loss"],
    )  # fmt: skip
    out = line("evaluate", "small/1", "--no-pictures", "--best-epoch", "train_acc", "--json")[1]
    found = json.loads(out)["evaluation"]["best_epoch"]
    assert found["value"] == max(row["train_acc"] for row in report.history)
    status, out, err = line("evaluate", "small/1", "--split", "test", "--best-epoch", "val_lss")
    assert (status, out) == (2, "") and "Did you mean 'val_loss'?" in err
