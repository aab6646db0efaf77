"""`orchestrator stop STUDY`, from another terminal or machine: asked of the study, seen by drivers.

A count in the study, not a time: two machines' clocks need not agree, and a search that is resumed
later is not stopped by an old request.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import optuna
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.stop import StopRequest

STOP_KEY = "stops"
LOOK_SECONDS = 2.0


def ask_to_stop(study: optuna.Study) -> None:
    """Ask every driver of the study to stop, cleanly, as Ctrl-C does."""
    study.set_user_attr(STOP_KEY, _stops(study) + 1)


@contextmanager
def heeding(study: optuna.Study, stop: StopRequest) -> Iterator[None]:
    """Turn a request into `stop` while this block runs."""
    before, over = _stops(study), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            # A database that is away is the conductor's to wait for.
            with suppress(optuna.exceptions.OptunaError, SQLAlchemyError):
                if _stops(study) > before:
                    stop.request("stopped by `orchestrator stop`")
                    return

    thread = threading.Thread(target=look, name="stopping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _stops(study: optuna.Study) -> int:
    return int(study.user_attrs.get(STOP_KEY, 0))
