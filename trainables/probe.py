"""The linear probe of a trial: one head on cached features, reported by epoch.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np

from search_spaces.errors import TrialFailed
from trainables.config import TrialConfig
from trainables.evaluation import evaluate_logits
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.reports import EpochReport, Predictions
from trainables.setup import TrialSetup

# Reports of epochs that a trial makes at most, the last one included.
EPOCH_REPORTS = 10


@dataclass(frozen=True, eq=False)
class TrainedHead:
    """A finished head: figures, history, predictions, and `weight` [K, F] and `bias` [K]."""

    metrics: dict[str, float]
    history: list[dict[str, float]]
    predictions: tuple[Predictions, ...]
    weights: dict[str, np.ndarray]
    seconds: float


def train_head(
    config: TrialConfig, setup: TrialSetup, features_NF: np.ndarray
) -> Generator[EpochReport, None, TrainedHead]:
    """Trains the head; an `EpochReport` for about every tenth of the epochs.

    Raises:
        TrialFailed: the loss is not finite; names the epoch and the step.
    """
    started = time.monotonic()
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
    every = math.ceil(config.epochs / EPOCH_REPORTS)
    history: list[dict[str, float]] = []
    epoch: HeadsEpoch | None = None
    for epoch in train_heads(
        features_NF,
        labels_N,
        [spec],
        n_classes=len(setup.data.classes),
        batch_size=config.batch_size,
        epochs=config.epochs,
        device=setup.one_device,
    ):
        metrics = {name: float(values[0]) for name, values in epoch.metrics.items()}
        _check_finite(epoch)
        history.append({"epoch": float(epoch.epoch), **metrics})
        if epoch.epoch % every == 0 or epoch.epoch == config.epochs:
            yield EpochReport(epoch.epoch, metrics)
    assert epoch is not None  # epochs is at least 1
    return _trained(setup, epoch, features_NF, labels_N, history, started)


def _check_finite(epoch: HeadsEpoch) -> None:
    step = int(epoch.bad_step_H[0])
    if step >= 0:
        raise TrialFailed(
            f"The training loss is not finite in epoch {epoch.epoch}, step {step}: "
            "lower lr, or lr times weight_decay."
        )


def _trained(
    setup: TrialSetup,
    epoch: HeadsEpoch,
    features_NF: np.ndarray,
    labels_N: np.ndarray,
    history: list[dict[str, float]],
    started: float,
) -> TrainedHead:
    weight_KF, bias_K = epoch.weight_HKF[0].cpu().numpy(), epoch.bias_HK[0].cpu().numpy()
    logits_NK = features_NF @ weight_KF.T + bias_K
    split = len(setup.splits.train)
    predictions, metrics = [], {}
    for name, part in (("train", slice(0, split)), ("val", slice(split, None))):
        predictions.append(Predictions(name, setup.rows_N[part], labels_N[part], logits_NK[part]))
        figures = evaluate_logits(logits_NK[part], labels_N[part])
        metrics.update({f"{name}_{figure}": value for figure, value in figures.items()})
    return TrainedHead(
        metrics=metrics,
        history=history,
        predictions=tuple(predictions),
        weights={"weight": weight_KF, "bias": bias_K},
        seconds=time.monotonic() - started,
    )
