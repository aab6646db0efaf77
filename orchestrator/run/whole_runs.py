"""Fidelity by whole short runs: a trial is a ladder of complete runs, each trained anew.

A cycle of the learning rate that is cut short is not a short cycle. So a rung is a run of its own
with fewer epochs, and its final figures are what the early stopper compares.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import closing
from dataclasses import replace
from typing import Any

from orchestrator.run.trainable import Trainable
from orchestrator.study.messages import Assignment
from search_spaces.errors import Diverged, UsageError
from trainables.checkpoint import Checkpoint
from trainables.reports import EpochReport, Progress, Report, TrialReport

MakeCheckpoint = Callable[[str, Mapping[str, Any]], Checkpoint]
"""Of a run, by its name and its config."""


def whole_runs(
    trainable: Trainable,
    assignment: Assignment,
    make_checkpoint: MakeCheckpoint,
    *,
    done: Collection[int] = (),
) -> Generator[Report, None, None]:
    """One `EpochReport` a run, at the run's number of epochs, and the full run's `TrialReport`.

    Args:
        done: rungs whose figures are known from an earlier attempt.

    Raises:
        UsageError: the config has no whole number of epochs.
        as `Trainable.reports`.
    """
    full = _epochs(assignment)
    for epochs in sorted(set(assignment.rungs)):
        if epochs < full and epochs not in done:
            short = {**assignment.config, **assignment.short_run, "epochs": epochs}
            checkpoint = make_checkpoint(f"epochs-{epochs}", short)
            report = yield from _run(trainable, assignment, short, checkpoint)
            yield EpochReport(epochs, report.metrics)
            checkpoint.remove()
    checkpoint = make_checkpoint(f"epochs-{full}", assignment.config)
    report = yield from _run(trainable, assignment, assignment.config, checkpoint)
    yield EpochReport(full, report.metrics)
    # The steps of this trial are its runs: the full run's own epochs are none of them.
    yield replace(report, history=())


def _run(
    trainable: Trainable,
    assignment: Assignment,
    fields: Mapping[str, Any],
    checkpoint: Checkpoint,
) -> Generator[Progress, None, TrialReport]:
    """One complete run; its epochs are signs of life."""
    config = trainable.config(fields, assignment.accumulation)
    epochs = int(fields["epochs"])
    name = f"whole run of {epochs} epochs"
    try:
        with closing(trainable.reports(config, checkpoint)) as reports:
            for report in reports:
                if isinstance(report, TrialReport):
                    return report
                if isinstance(report, EpochReport):
                    report = Progress(name, report.epoch, epochs, "epochs")
                yield report
    except Diverged as error:
        raise Diverged(f"In the {name}: {error}") from error
    raise AssertionError("the adapter ends each run with a report")


def _epochs(assignment: Assignment) -> int:
    epochs = assignment.config.get("epochs")
    if isinstance(epochs, int) and epochs > 0:
        return epochs
    rule = "Whole short runs need a config whose field epochs is a whole number above 0."
    raise UsageError(rule, got=epochs)
