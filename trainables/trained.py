"""`Trained`: a finished training, whatever was trained; and its figures by epoch.

Shapes: N labelled images, T steps, K classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from trainables.evaluation import evaluate_logits
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
    """

    weights: dict[str, np.ndarray]
    logits_NK: np.ndarray
    history: History
    seconds: float
    extra: dict[str, float] = field(default_factory=dict)
    lr_T: np.ndarray = field(default_factory=lambda: np.empty(0))

    def state(self) -> dict[str, Any]:
        """All of it, as `Checkpoint.save` takes it and `from_state` gives it back."""
        return {**vars(self), "history": columns(self.history)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Trained:
        """What gave `state`."""
        return cls(**{**state, "history": rows(state["history"])})

    def predictions(self, setup: TrialSetup) -> tuple[Predictions, ...]:
        """Of the training and the validation split."""
        labels_N = np.asarray(setup.data.labels_N)[setup.rows_N]
        split = len(setup.splits.train)
        return tuple(
            Predictions(name, setup.rows_N[part], labels_N[part], self.logits_NK[part])
            for name, part in (("train", slice(0, split)), ("val", slice(split, None)))
        )


def final_metrics(predictions: tuple[Predictions, ...]) -> dict[str, float]:
    """`train_acc`, `train_loss`, `val_acc`, `val_loss`."""
    return {
        f"{part.split}_{figure}": value
        for part in predictions
        for figure, value in evaluate_logits(part.logits_NK, part.labels_N).items()
    }


def columns(history: History) -> dict[str, np.ndarray]:
    """A row an epoch as an array a figure: 100,000 epochs are saved at once."""
    return {name: np.array([row[name] for row in history]) for name in history[0]}


def rows(columns_E: Mapping[str, np.ndarray]) -> History:
    """What `columns` was made of."""
    names, values = list(columns_E), np.stack(list(columns_E.values()), axis=1).tolist()
    return [dict(zip(names, row, strict=True)) for row in values]
