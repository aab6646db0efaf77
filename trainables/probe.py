"""The linear probe of a trial: one head on cached features, reported by epoch.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np

from search_spaces.errors import Diverged
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.reports import EpochReport
from trainables.schedules import SCHEDULES
from trainables.setup import TrialSetup
from trainables.trained import History, Trained, columns, rows

# Reports of epochs that a trial makes at most, the last one included.
EPOCH_REPORTS = 10


def is_probe(config: TrialConfig) -> bool:
    """Whether the batched linear heads do all that is asked; `train_net` does the rest."""
    plain = config.head == "linear" and config.optimiser == "adamw" and not config.decay_norms
    plain = plain and not config.cycle_momentum
    more = (config.label_smoothing, config.mixup, config.clip_norm, config.ema)
    return config.tune == "head" and plain and not any(more)


def train_head(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray | None,
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[EpochReport, None, Trained]:
    """Trains the head; an `EpochReport` for about every tenth of the epochs.

    Args:
        checkpoint: where it saves `{**kept, "training": ...}` every so often.
        saved: the "training" to go on from.

    Raises:
        Diverged: the loss is not finite; names the epoch and the step.
    """
    assert features_NF is not None  # a head has no other inputs
    started = time.monotonic() - (saved["seconds"] if saved else 0.0)
    history: History = rows(saved["history"]) if saved else []
    every = math.ceil(config.epochs / EPOCH_REPORTS)
    epoch: HeadsEpoch | None = None

    def state() -> dict[str, Any]:
        assert epoch is not None
        seconds = time.monotonic() - started
        training = {"heads": epoch.state(), "history": columns(history), "seconds": seconds}
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
        schedule=SCHEDULES.get(config.schedule)(config),
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
) -> Trained:
    weight_KF, bias_K = epoch.weight_HKF[0].cpu().numpy(), epoch.bias_HK[0].cpu().numpy()
    logits_NK = features_NF @ weight_KF.T + bias_K
    return Trained({"weight": weight_KF, "bias": bias_K}, logits_NK, history, seconds)
