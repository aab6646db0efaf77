"""A net that trains, cross-validated: each fold's in turn, and then the one that is kept.

A trial that was interrupted goes on with the fold, or within the last training, where it was.

Shapes: F folds in all repeats, E epochs that were measured, R repeats, N labelled images, M of a
fold, K classes.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, cast

import numpy as np

from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.folds.drawing import Fold
from trainables.folds.progress import FoldsDone
from trainables.net_trial import train_net
from trainables.reports import EpochReport, Progress
from trainables.setup import TrialSetup
from trainables.trained import Trained

STAGE = "cross-validating"
_PROGRESS_SECONDS = 1.0
_FLIPPED = "val_acc_flip"


def train_net_over_folds(
    config: TrialConfig,
    setup: TrialSetup,
    inputs_NF: np.ndarray | None,
    folds: Sequence[Fold],
    *,
    checkpoint: Checkpoint,
    saved: Mapping[str, Any] | None = None,
    kept: Mapping[str, Any],
) -> Generator[Progress | EpochReport, None, Trained]:
    """As `net_trial.train_net`; validation figures are means over the folds' nets.

    Epochs are reported once the folds are done, since none has a validation figure before.

    Raises:
        InfeasibleTrial: the head or what is to be tuned does not go with the body.
        Diverged: the loss of a net is not finite; names the epoch and the step.
    """
    done = FoldsDone.from_state(saved["folds"]) if saved else FoldsDone()

    def state(final: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return {**kept, "training": {"folds": done.state(), "final": final}}

    for fold in folds[done.count :]:
        with checkpoint.saving_if_closed(state):
            trained = yield from _fold(config, setup, inputs_NF, fold, done.count, len(folds))
        done = done.with_fold(trained, len(fold.train_N))
        if checkpoint.due():
            checkpoint.save(state())
    within = cast(Checkpoint, _Within(checkpoint, lambda inner: state(inner["training"])))
    run = train_net(
        config.replace(test_time_flip=False),  # it keeps no image to look at
        setup,
        inputs_NF,
        checkpoint=within,
        saved=saved["final"] if saved else None,
        kept={},
    )
    trained = yield from _with_validation(run, done)
    flipped = {_FLIPPED: done.mean(_FLIPPED)} if config.test_time_flip else {}
    return dataclasses.replace(
        trained,
        history=[{**row, **done.at(int(row["epoch"]))} for row in trained.history],
        seconds=trained.seconds + done.seconds,
        extra={**trained.extra, **flipped},
        out_of_fold_RNK=done.out_of_fold(folds),
    )


def _fold(
    config: TrialConfig,
    setup: TrialSetup,
    inputs_NF: np.ndarray | None,
    fold: Fold,
    count: int,
    total: int,
) -> Generator[Progress, None, Trained]:
    """A training that ends before anybody is told its figures."""
    labelled_N = setup.splits.train
    splits = dataclasses.replace(
        setup.splits,
        train=labelled_N[fold.train_N],
        val=labelled_N[fold.val_M],
        robust=labelled_N[:0],
    )
    rows_N = np.concatenate([fold.train_N, fold.val_M])
    run = train_net(
        config,
        dataclasses.replace(setup, splits=splits),
        None if inputs_NF is None else inputs_NF[rows_N],
        checkpoint=Checkpoint(None),
        kept={},
    )
    yield Progress(STAGE, count, total, "folds")
    told = time.monotonic()
    try:
        while True:
            next(run)
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                yield Progress(STAGE, count, total, "folds")
    except StopIteration as end:
        trained: Trained = end.value
        return trained


def _with_validation(
    run: Generator[EpochReport, None, Trained], done: FoldsDone
) -> Generator[EpochReport, None, Trained]:
    """The reports of the last training, each with what the folds came to at its epoch."""
    try:
        while True:
            report = next(run)
            yield EpochReport(report.epoch, {**report.metrics, **done.at(report.epoch)})
    except StopIteration as end:
        trained: Trained = end.value
        return trained
    finally:
        run.close()  # so that it saves its own state where the trial is to go on later


class _Within:
    """The trial's checkpoint for a training that is a part of it.

    Args:
        around: what is saved of the whole trial, given what the part saves.
    """

    def __init__(
        self, checkpoint: Checkpoint, around: Callable[[Mapping[str, Any]], dict[str, Any]]
    ) -> None:
        self._checkpoint, self._around = checkpoint, around

    def due(self) -> bool:
        """As of the whole."""
        return self._checkpoint.due()

    def save(self, state: Mapping[str, Any]) -> None:
        """The whole, with this part's state."""
        self._checkpoint.save(self._around(state))

    def saving_if_closed(
        self, state: Callable[[], Mapping[str, Any]]
    ) -> AbstractContextManager[None]:
        """As of the whole."""
        return self._checkpoint.saving_if_closed(lambda: self._around(state()))
