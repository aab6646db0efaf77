"""`Trained`: a finished training, whatever was trained; and its figures by epoch.

Shapes: N labelled images, T steps, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainables.evaluation import (
    balanced_accuracy,
    calibration_bins,
    calibration_error,
    confusion_counts,
    evaluate_logits,
)
from trainables.reports import Predictions
from trainables.setup import TrialSetup

History = list[dict[str, float]]


@dataclass(frozen=True, eq=False)
class Trained:
    """What training left, and what the classifier says of the labelled images.

    Args:
        weights: the tensors that were trained, as in `TrialReport.weights`.
        logits_NK: in the order of `TrialSetup.rows_N`.
        history: one row an epoch.
        seconds: that training took.
        extra: further figures of its own, by metric.
        lr_T: the head's learning rate by step; empty where nobody kept it.
        out_of_fold_RNK: of cross-validation, what the models that had not seen an image say of it,
            by repeat; empty without.
        pseudo_P: pseudo-labels that the trained net itself gives the images of `TrialSetup.pool`,
            -1 where it is not sure; empty where they had theirs before.
    """

    weights: dict[str, np.ndarray]
    logits_NK: np.ndarray
    history: History
    seconds: float
    extra: dict[str, float] = field(default_factory=dict)
    lr_T: np.ndarray = field(default_factory=lambda: np.empty(0))
    out_of_fold_RNK: np.ndarray = field(default_factory=lambda: np.empty((0, 0, 0), np.float32))
    pseudo_P: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))

    def state(self) -> dict[str, Any]:
        """All of it, as `Checkpoint.save` takes it and `from_state` gives it back."""
        return {**vars(self), "history": columns(self.history)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Trained:
        """What gave `state`."""
        return cls(**{**state, "history": rows(state["history"])})

    def predictions(self, setup: TrialSetup) -> tuple[Predictions, ...]:
        """Of the training and the validation split; under cross-validation of each labelled image
        what is kept says of it, and what the first repeat says that had not seen it."""
        labels_N = np.asarray(setup.data.labels_N[setup.rows_N])
        split, logits_NK, rows_N = len(setup.splits.train), self.logits_NK, setup.rows_N
        train = Predictions("train", rows_N[:split], labels_N[:split], logits_NK[:split])
        if len(self.out_of_fold_RNK):
            unseen_NK = self.out_of_fold_RNK[0]
            return train, Predictions("val", train.indices_N, train.labels_N, unseen_NK)
        return train, Predictions("val", rows_N[split:], labels_N[split:], logits_NK[split:])


def final_metrics(
    predictions: tuple[Predictions, ...], history: Sequence[Mapping[str, float]] = ()
) -> dict[str, float]:
    """The figures of both splits, of the gap between them, and the epoch of the least loss.

    `train_acc`, `train_loss`, `val_acc`, `val_loss`, `val_balanced_acc`, `val_ece`; `overfit_gap`,
    training accuracy less validation accuracy, both of the net as it was kept, in eval mode and
    without augmentation; `best_epoch` and `best_val_loss` of the history, where it has any.
    """
    figures = {
        f"{part.split}_{figure}": value
        for part in predictions
        for figure, value in evaluate_logits(part.logits_NK, part.labels_N).items()
    }
    for part in predictions:
        if part.split == "val":
            figures |= _of_validation(part)
    if {"train_acc", "val_acc"} <= figures.keys():
        figures["overfit_gap"] = figures["train_acc"] - figures["val_acc"]
    return figures | best_epoch(history)


def best_epoch(history: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """`best_epoch` and `best_val_loss`: of all epochs that were measured; empty without one.

    The first one of equals. A trial keeps the net of its last epoch: these say whether an earlier
    one would have served better.
    """
    measured = [row for row in history if math.isfinite(row.get("val_loss", math.nan))]
    if not measured:
        return {}
    best = min(measured, key=lambda row: row["val_loss"])
    return {"best_epoch": float(best["epoch"]), "best_val_loss": float(best["val_loss"])}


def _of_validation(part: Predictions) -> dict[str, float]:
    counts_KK = confusion_counts(part.predicted_N, part.labels_N, part.logits_NK.shape[1])
    bins = calibration_bins(part.logits_NK, part.labels_N)
    return {
        "val_balanced_acc": balanced_accuracy(counts_KK),
        "val_ece": calibration_error(bins),
    }


def columns(history: History) -> dict[str, np.ndarray]:
    """A row an epoch as an array a figure: 100,000 epochs are saved at once."""
    return {name: np.array([row[name] for row in history]) for name in history[0]}


def rows(columns_E: Mapping[str, np.ndarray]) -> History:
    """What `columns` was made of."""
    names, values = list(columns_E), np.stack(list(columns_E.values()), axis=1).tolist()
    return [dict(zip(names, row, strict=True)) for row in values]
