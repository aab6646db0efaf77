"""The training of a trial whose body trains too, or whose head is not the fast linear one.

Shapes: N labelled images, F features, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from typing import Any

import numpy as np
import torch

from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.following import Course, follow
from trainables.net_parts import NetParts, make_parts
from trainables.reports import EpochReport
from trainables.setup import TrialSetup
from trainables.trained import History, Trained
from trainables.training import Task, Training, fit
from trainables.training.batches import Batches
from trainables.training.fixmatch import found_labels
from trainables.training.measure import logits_of, mirrored
from trainables.weak import UNLABELLED

# Reports of epochs that a trial makes at most, about.
EPOCH_REPORTS = 100


def train_net(
    config: TrialConfig,
    setup: TrialSetup,
    inputs_NF: np.ndarray | None,
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[EpochReport, None, Trained]:
    """Trains what `config.tune` says; as `probe.train_head`, which is the same for a linear head.

    Args:
        inputs_NF: of `inputs.cached_inputs`.
        checkpoint: where it saves `{**kept, "training": ...}` every so often.
        saved: the "training" to go on from.

    Raises:
        InfeasibleTrial: the head or what is to be tuned does not go with the body.
        Diverged: the loss is not finite; names the epoch and the step.
    """
    parts = make_parts(config, setup, inputs_NF)
    training = Training(parts.task, saved["model"] if saved else None)
    every = epochs_a_report(parts.task)
    course = Course(config.epochs, every, "lower lr, or set clip_norm", checkpoint, kept, saved)
    history, seconds = yield from follow(fit(training, every=every), course)
    return _trained(parts, training, history, seconds)


def epochs_a_report(task: Task) -> int:
    """Epochs between two reports, so that measuring takes no longer than training does.

    An image that is trained on costs about three forward passes. With 100 labels and 1,000 images
    held out every fourth epoch is measured.
    """
    most = math.ceil(task.config.epochs / EPOCH_REPORTS)
    return max(most, math.ceil(len(task.val_M) / (3 * Batches(task).images)))


def _trained(parts: NetParts, training: Training, history: History, seconds: float) -> Trained:
    settled = training.settle()
    task, model = parts.task, training.kept
    labelled = len(task.labels_N) - (0 if task.pool_P is None else len(task.pool_P))
    all_N = torch.arange(labelled, device=task.device)
    logits_NK = logits_of(model, task.inputs_N, all_N)
    extra = _flipped(parts, training, logits_NK) if task.config.test_time_flip else {}
    return Trained(
        weights=parts.trained_weights(model),
        logits_NK=logits_NK.cpu().numpy(),
        history=history,
        seconds=seconds,
        extra=extra | settled,
        lr_T=training.rates.head_lrs(),
        pseudo_P=_found(training),
    )


def _found(training: Training) -> np.ndarray:
    """What the kept net is sure of in the pool, where training had no pseudo-labels to begin with;
    int64 [P]."""
    task = training.task
    if training.consistency is None or task.pool_P is None:
        return np.empty(0, np.int64)
    logits_PK = logits_of(training.kept, task.inputs_N, task.pool_P)
    labels_P = found_labels(logits_PK, training.consistency.threshold, UNLABELLED)
    return labels_P.cpu().numpy()


def _flipped(parts: NetParts, training: Training, logits_NK: torch.Tensor) -> dict[str, float]:
    """`val_acc_flip`: of the mean logits of an image and its mirror image."""
    task = parts.task
    mirror_N = mirrored(task.inputs_N)
    mean_MK = logits_NK[task.val_M] + logits_of(training.kept, mirror_N, task.val_M)
    hits_M = mean_MK.argmax(1) == task.labels_N[task.val_M]
    return {"val_acc_flip": float(hits_M.float().mean())}
