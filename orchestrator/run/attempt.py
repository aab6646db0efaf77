"""One attempt at one trial, where it runs: drives the generator of reports and leaves its files.

The same code serves a Ray worker and `--local`. Knows neither the study nor Ray.
"""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable, Generator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from orchestrator.run.failures import classify, clear_record, leave_record, read_failure
from orchestrator.run.inheriting import CHECKPOINT, has_finished, take_over
from orchestrator.run.room import Result, writing
from orchestrator.run.trainable import Trainable, load_trainable
from orchestrator.run.whole_runs import whole_runs
from orchestrator.study.messages import Assignment, Message
from search_spaces.errors import TrialFailed
from trainables.checkpoint import EVERY_SECONDS, Checkpoint
from trainables.history import Row, append_history, read_history
from trainables.record import read_metrics, write_config, write_report
from trainables.reports import EpochReport, Progress, Report

__all__ = ["Attempt", "forget_checkpoint", "load_trainable", "read_failure"]

Messages = Generator[Message, None, None]


class Attempt:
    """Iterate over it for `Message`s, the last one `final`; close it to end it early.

    An exception of the trial leaves a record in the trial's folder (see `read_failure`) and is
    raised again; a worker that is killed leaves none, which is how the two are told apart.

    Args:
        assignment: what to run, where, and what to go on from.
        checkpoint_seconds: between two checkpoints; 0 for one after each epoch.
    """

    def __init__(
        self, assignment: Assignment, *, checkpoint_seconds: float = EVERY_SECONDS
    ) -> None:
        self._assignment = assignment
        self._folder = Path(assignment.folder)
        self._every = checkpoint_seconds
        self._worker = f"{socket.gethostname()}:{os.getpid()}"
        self._checkpoint = Checkpoint(None)  # of the run that is under way
        self._told: set[int] = set()  # epochs
        self._messages = self._run()

    def __iter__(self) -> Attempt:
        return self

    def __next__(self) -> Message:
        return replace(next(self._messages), worker=self._worker)

    def close(self, *, save: bool = False) -> None:
        """End the trial where it stands; what it wrote so far stays.

        Args:
            save: it is to go on later: save its state first, if it stands between two epochs.
        """
        self._checkpoint.save_on_close = save
        self._messages.close()

    def _run(self) -> Messages:
        try:
            yield from self._write(self._start)
            yield from self._trial()
        except Exception as error:
            with suppress(OSError):  # what matters is the error
                yield from self._write(partial(leave_record, self._folder, error))
            if classify(error) in ("infeasible", "diverged"):  # nobody will go on from there
                forget_checkpoint(self._folder)
            raise

    def _start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        clear_record(self._folder)

    def _trial(self) -> Messages:
        assignment = self._assignment
        trainable = load_trainable(assignment.trainable, assignment.trainable_path)
        yield from self._write(partial(take_over, assignment, trainable))
        if has_finished(assignment):
            yield from self._finished()
            return
        config = trainable.config(assignment.config, assignment.accumulation)
        yield from self._write(partial(write_config, config, self._folder))
        with closing(self._reports(trainable)) as reports:
            for report in reports:
                if isinstance(report, Progress):
                    yield _progress(report)
                elif isinstance(report, EpochReport):
                    yield from self._epoch(report)
                else:
                    yield from self._write(partial(write_report, report, config, self._folder))
                    forget_checkpoint(self._folder)
                    yield Message("final", metrics=dict(report.metrics))
                    return
        raise TrialFailed("the trial ended without a final report")

    def _reports(self, trainable: Trainable) -> Generator[Report, None, None]:
        """Epochs that lie behind the trial first, then what it reports from there on."""
        assignment, rows = self._assignment, read_history(self._folder)
        if assignment.rungs:
            behind = {int(row["epoch"]) for row in rows}
            make = partial(self._new_checkpoint, trainable)
            further = whole_runs(trainable, assignment, make, done=behind)
        else:
            checkpoint = self._new_checkpoint(trainable, "", assignment.config)
            behind = {int(row["epoch"]) for row in rows if row["epoch"] <= checkpoint.epoch}
            config = trainable.config(assignment.config, assignment.accumulation)  # its own
            further = trainable.reports(config, checkpoint)
        with closing(further):
            for row in rows:
                if row["epoch"] in behind:
                    yield EpochReport(row["epoch"], row["metrics"])
            yield from further

    def _new_checkpoint(
        self, trainable: Trainable, name: str, fields: Mapping[str, Any]
    ) -> Checkpoint:
        folder = self._folder / CHECKPOINT / name
        digest = trainable.digest(fields)
        self._checkpoint = Checkpoint(folder, digest=digest, every=self._every)
        return self._checkpoint

    def _epoch(self, report: EpochReport) -> Messages:
        """Into the history first: what the driver did not hear is told by the next attempt."""
        if report.epoch in self._told:  # a trial that could not go on from its checkpoint
            return
        self._told.add(report.epoch)
        row = yield from self._write(partial(append_history, self._folder, report))
        yield _epoch(row)

    def _finished(self) -> Messages:
        """All was done, and only its last word was lost."""
        for row in read_history(self._folder):
            yield _epoch(row)
        yield Message("final", metrics=read_metrics(self._folder))

    def _write(self, write: Callable[[], Result]) -> Generator[Message, None, Result]:
        return writing(self._folder, write)


def forget_checkpoint(folder: str | Path) -> None:
    """Removes what a trial that will never go on has kept for it; nothing to remove is fine."""
    shutil.rmtree(Path(folder) / CHECKPOINT, ignore_errors=True)


def _progress(report: Progress) -> Message:
    return Message("progress", stage=report.stage, done=report.done, total=report.total)


def _epoch(row: Row) -> Message:
    figures = {name: value for name, value in row["metrics"].items() if value is not None}
    return Message("epoch", epoch=int(row["epoch"]), metrics=figures)
