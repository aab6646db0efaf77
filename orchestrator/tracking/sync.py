"""One pass in this process: what `orchestrator sync STUDY` does."""

from __future__ import annotations

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import SyncResult


def sync(
    storage: str,
    study: str,
    *,
    live: bool = False,
    deadline: float | None = None,
    tracking_uri: str | None = None,
    again: bool = True,
) -> SyncResult:
    """Send to MLflow what a study holds; doing it twice changes nothing.

    Args:
        storage: Optuna storage URL.
        study: the study's name.
        live: a driver is running trials right now: leave the parent RUNNING, log no model yet.
        deadline: `time.monotonic()` after which nothing new is begun.
        tracking_uri: instead of the one that the study was made with.
        again: send also what MLflow says it has in full, to mend what was deleted there.

    Raises:
        UnknownNameError: there is no such study.
        UsageError: the study is not ours.
        UnavailableError: the storage cannot be opened. (A tracking store that cannot be reached
            raises nothing: the result says what is left, and why.)
    """
    projection = Projection(storage, study, tracking_uri=tracking_uri)
    return projection.run_pass(last=not live, again=again, deadline=deadline)
