"""A pass or two in this process: what `orchestrator sync STUDY` does."""

from __future__ import annotations

import time
from dataclasses import replace

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import SyncResult

_PAUSES = (0.0, 1.0, 3.0)  # seconds before each try; a call that fails is not repeated by itself


def sync(
    storage: str,
    study: str,
    *,
    live: bool = False,
    deadline: float | None = None,
    tracking_uri: str | None = None,
    again: bool = True,
    pictures: bool = True,
) -> SyncResult:
    """Send to MLflow what a study holds; doing it twice changes nothing.

    Whatever is missing there is made anew from the study: single files, runs, all of it. A deleted
    run stays deleted and another one takes its place, since it may have been deleted for being
    wrong, and since `mlflow gc` would take it away for good; only an experiment is restored.

    Args:
        storage: Optuna storage URL.
        study: the study's name.
        live: a driver is running trials right now: leave the parent RUNNING, log no model yet.
        deadline: `time.monotonic()` after which nothing new is begun.
        tracking_uri: instead of the one that the study was made with.
        again: look also for files that are missing in MLflow, and restore a deleted experiment.
        pictures: draw the study's pictures, too.

    Raises:
        UnknownNameError: there is no such study.
        UsageError: the study is not ours.
        UnavailableError: the storage cannot be opened. (A tracking store that cannot be reached
            raises nothing: the result says what is left, and why.)
    """
    projection = Projection(storage, study, tracking_uri=tracking_uri)
    result = SyncResult(study)
    for pause in _PAUSES:
        if deadline is not None and time.monotonic() + pause >= deadline and pause:
            break
        time.sleep(pause)
        result = projection.run_pass(last=not live, again=again, deadline=deadline)
        if result.complete:
            break
    is_late = deadline is not None and time.monotonic() >= deadline
    if result.complete and pictures and not live and not is_late:
        result = replace(result, note=projection.draw(last=True))
    return result
