"""The linear probe of a trial: one head on cached features, reported by epoch.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces.errors import Diverged
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.evaluation import evaluate_logits
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.reports import EpochReport, Predictions
from trainables.setup import TrialSetup

# Reports of epochs that a trial makes at most, the last one included.
EPOCH_REPORTS = 10

History = list[dict[str, float]]


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A finished head: `weight` [K, F] and `bias` [K], and what it says of the labelled images.

    Args:
        logits_NK: in the order of `TrialSetup.rows_N`.
        history: one row an epoch.
        seconds: that its training took.
    """

    weights: dict[str, np.ndarray]
    logits_NK: np.ndarray
    history: History
    seconds: float

    def state(self) -> dict[str, Any]:
        """All of it, as `Checkpoint.save` takes it and `from_state` gives it back."""
        columns = _columns(self.history)
        return {**vars(self), "history": columns}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> TrainedHead:
        """What gave `state`."""
        return cls(**{**state, "history": _rows(state["history"])})

    def predictions(self, setup: TrialSetup) -> tuple[Predictions, ...]:
        """Of the training and the validation split."""
        labels_N = np.asarray(setup.data.labels_N)[setup.rows_N]
        split = len(setup.splits.train)
        return tuple(
            Predictions(name, setup.rows_N[part], labels_N[part], self.logits_NK[part])
            for name, part in (("train", slice(0, split)), ("val", slice(split, None)))
        )


def head_metrics(predictions: tuple[Predictions, ...]) -> dict[str, float]:
    """`train_acc`, `train_loss`, `val_acc`, `val_loss`."""
    return {
        f"{part.split}_{figure}": value
        for part in predictions
        for figure, value in evaluate_logits(part.logits_NK, part.labels_N).items()
    }


def train_head(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray,
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[EpochReport, None, TrainedHead]:
    """Trains the head; an `EpochReport` for about every tenth of the epochs.

    Args:
        checkpoint: where it saves `{**kept, "training": ...}` every so often.
        saved: the "training" to go on from.

    Raises:
        Diverged: the loss is not finite; names the epoch and the step.
    """
    started = time.monotonic() - (saved["seconds"] if saved else 0.0)
    history: History = _rows(saved["history"]) if saved else []
    every = math.ceil(config.epochs / EPOCH_REPORTS)
    epoch: HeadsEpoch | None = None

    def state() -> dict[str, Any]:
        assert epoch is not None
        seconds = time.monotonic() - started
        training = {"heads": epoch.state(), "history": _columns(history), "seconds": seconds}
        return {**kept, "training": training}

    for epoch in _epochs(config, setup, features_NF, saved["heads"] if saved else None):
        metrics = {name: float(values[0]) for name, values in epoch.metrics.items()}
        _check_finite(epoch)
        history.append({"epoch": float(epoch.epoch), **metrics})
        if epoch.epoch == config.epochs:
            yield EpochReport(epoch.epoch, metrics)
            break
        if epoch.epoch % every == 0:
            with checkpoint.saving_if_closed(state):
                yield EpochReport(epoch.epoch, metrics)
        if checkpoint.due():
            checkpoint.save(state())
    assert epoch is not None  # at least the last one is always left to do
    return _trained(epoch, features_NF, history, time.monotonic() - started)


def _epochs(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray,
    state: Mapping[str, Any] | None,
) -> Generator[HeadsEpoch, None, None]:
    labels_N = np.asarray(setup.data.labels_N)[setup.rows_N]
    split = len(setup.splits.train)
    spec = HeadSpec(
        train_N=np.arange(split),
        val_M=np.arange(split, len(labels_N)),
        lr=config.lr,
        weight_decay=config.weight_decay,
        dropout=config.dropout,
        seed=config.seed,
        start=config.head_start,
    )
    return train_heads(
        features_NF,
        labels_N,
        [spec],
        n_classes=len(setup.data.classes),
        batch_size=config.batch_size,
        epochs=config.epochs,
        accumulation=config.accumulation,
        state=state,
        device=setup.one_device,
    )


def _check_finite(epoch: HeadsEpoch) -> None:
    step = int(epoch.bad_step_H[0])
    if step >= 0:
        raise Diverged(
            f"The training loss is not finite in epoch {epoch.epoch}, step {step}: "
            "lower lr, or lr times weight_decay."
        )


def _trained(
    epoch: HeadsEpoch, features_NF: np.ndarray, history: History, seconds: float
) -> TrainedHead:
    weight_KF, bias_K = epoch.weight_HKF[0].cpu().numpy(), epoch.bias_HK[0].cpu().numpy()
    logits_NK = features_NF @ weight_KF.T + bias_K
    return TrainedHead({"weight": weight_KF, "bias": bias_K}, logits_NK, history, seconds)


def _columns(history: History) -> dict[str, np.ndarray]:
    """A row an epoch as an array a figure: 100,000 epochs are saved at once."""
    return {name: np.array([row[name] for row in history]) for name in history[0]}


def _rows(columns: Mapping[str, np.ndarray]) -> History:
    names, values = list(columns), np.stack(list(columns.values()), axis=1).tolist()
    return [dict(zip(names, row, strict=True)) for row in values]
