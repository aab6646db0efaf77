"""The linear probe of a trial: one head on cached features, reported by epoch.

Shapes: N images, F features, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.following import Course, Epoch, follow
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.objectives import CLEAN
from trainables.reports import EpochReport
from trainables.schedules import SCHEDULES
from trainables.setup import TrialSetup
from trainables.trained import History, Trained

# Reports of epochs that a trial makes at most, the last one included.
EPOCH_REPORTS = 10
# Rows seen in all by a head that learns from tens of thousands of pseudo-labels: from its start in
# closed form more of them change little (trainables/subsets/head.py), and take minutes.
_ROWS_SEEN = 60_000


def is_probe(config: TrialConfig) -> bool:
    """Whether the batched linear heads do all that is asked; `train_net` does the rest."""
    plain = config.head == "linear" and config.optimiser == "adamw" and not config.decay_norms
    plain = plain and not config.cycle_momentum and config.adversarial == CLEAN
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
    heads = _heads(config, setup, features_NF, saved["model"] if saved else None)
    last: HeadsEpoch | None = None

    def alone() -> Iterator[Epoch]:
        """The one head of the stack."""
        nonlocal last
        for last in heads:
            metrics = {name: float(values[0]) for name, values in last.metrics.items()}
            yield Epoch(last.epoch, metrics, int(last.bad_step_H[0]), last.state)

    course = head_course(config, checkpoint, kept, saved)
    history, seconds = yield from follow(alone(), course)
    assert last is not None  # at least the last epoch is always left to do
    return _trained(last, features_NF[: len(setup.rows_N)], history, seconds)


def head_course(
    config: TrialConfig,
    checkpoint: Checkpoint,
    kept: Mapping[str, Any],
    saved: Mapping[str, Any] | None,
) -> Course:
    """How a head's training is followed."""
    every = math.ceil(config.epochs / EPOCH_REPORTS)
    advice = "lower lr, or lr times weight_decay"
    return Course(config.epochs, every, advice, checkpoint, kept, saved)


def _heads(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray,
    state: Mapping[str, Any] | None,
) -> Generator[HeadsEpoch, None, None]:
    train, labelled = len(setup.splits.train), len(setup.rows_N)
    train_N = np.append(np.arange(train), np.arange(labelled, len(features_NF)))
    spec = head_spec(config, train_N, np.arange(train, labelled))
    spec = replace(spec, rows_an_epoch=max(train, math.ceil(_ROWS_SEEN / config.epochs)))
    return train_specs(config, setup, features_NF, [spec], state)


def head_spec(config: TrialConfig, train_N: np.ndarray, val_M: np.ndarray) -> HeadSpec:
    """The config's head on these rows of the features."""
    return HeadSpec(
        train_N=train_N,
        val_M=val_M,
        lr=config.lr,
        weight_decay=config.weight_decay,
        dropout=config.dropout,
        seed=config.seed,
        start=config.head_start,
    )


def train_specs(
    config: TrialConfig,
    setup: TrialSetup,
    features_NF: np.ndarray,
    specs: Sequence[HeadSpec],
    state: Mapping[str, Any] | None,
) -> Generator[HeadsEpoch, None, None]:
    """Heads on the images of `setup.input_rows_N`, trained as one computation."""
    return train_heads(
        features_NF,
        setup.input_labels_N,
        specs,
        n_classes=len(setup.data.classes),
        batch_size=config.batch_size,
        epochs=config.epochs,
        accumulation=config.accumulation,
        schedule=SCHEDULES.get(config.schedule)(config),
        state=state,
        device=setup.one_device,
    )


def _trained(
    epoch: HeadsEpoch, features_NF: np.ndarray, history: History, seconds: float
) -> Trained:
    weight_KF, bias_K = epoch.weight_HKF[0].cpu().numpy(), epoch.bias_HK[0].cpu().numpy()
    logits_NK = features_NF @ weight_KF.T + bias_K
    return Trained({"weight": weight_KF, "bias": bias_K}, logits_NK, history, seconds)
