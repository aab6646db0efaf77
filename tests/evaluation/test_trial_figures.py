"""What every finished trial says of itself beyond accuracy and loss."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_evaluation_value import BY_HAND

from trainables.reports import Predictions
from trainables.trained import best_epoch, final_metrics


def _predictions() -> tuple[Predictions, ...]:
    """Training: 4 of 5 right; validation: the list of `test_evaluation_value`, 6 of 10 right."""
    labels_N, logits_NK = np.array([0, 1, 2, 0, 1]), 4.0 * np.eye(3)[[0, 1, 2, 0, 2]]
    held = np.array([row[0] for row in BY_HAND])
    chances = np.log(np.array([row[1:] for row in BY_HAND]))
    return (
        Predictions("train", np.arange(5), labels_N, logits_NK),
        Predictions("val", np.arange(10), held, chances),
    )


def test_the_old_names_stay_and_the_new_ones_are_as_by_hand() -> None:
    history = [
        {"epoch": 1.0, "val_loss": 0.9},
        {"epoch": 2.0, "val_loss": 0.7},
        {"epoch": 3.0, "val_loss": 0.8},
    ]
    metrics = final_metrics(_predictions(), history)
    assert set(metrics) == {
        "train_acc", "train_loss", "val_acc", "val_loss", "val_balanced_acc", "val_ece",
        "overfit_gap", "best_epoch", "best_val_loss",
    }  # fmt: skip
    assert (metrics["train_acc"], metrics["val_acc"]) == (0.8, 0.6)
    assert metrics["overfit_gap"] == pytest.approx(0.2)
    assert metrics["val_balanced_acc"] == pytest.approx(11 / 18)
    assert metrics["val_ece"] == pytest.approx(0.27)
    assert (metrics["best_epoch"], metrics["best_val_loss"]) == (2.0, 0.7)


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ([], {}),
        ([math.nan, math.inf], {}),
        ([None, 0.5], {"best_epoch": 2.0, "best_val_loss": 0.5}),  # epoch 1 was not measured
        ([0.5, 0.5], {"best_epoch": 1.0, "best_val_loss": 0.5}),  # the first of equals
        ([0.6, math.nan, 0.5], {"best_epoch": 3.0, "best_val_loss": 0.5}),
    ],
)
def test_the_best_epoch_is_the_first_of_the_least_validation_loss(
    losses: list[float | None], expected: dict[str, float]
) -> None:
    rows = [
        {"epoch": float(epoch), **({} if loss is None else {"val_loss": loss})}
        for epoch, loss in enumerate(losses, 1)
    ]
    assert best_epoch(rows) == expected
