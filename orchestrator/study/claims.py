"""One driver at a time counts the trials and claims the next, so that their number is exact.

Optuna claims a waiting trial atomically (PostgreSQL locks its row), but between counting and
claiming two drivers could both see room for the last one. Whoever is suspended within its turn is
cut off by the database (`store.py`), and the commit at the end of that turn fails.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import optuna
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from orchestrator.study import store


def is_shared(study: optuna.Study) -> bool:
    """Whether several drivers may work this study at once: its database can tell them apart."""
    engine = _engine(study._storage)
    return engine is not None and engine.dialect.name == "postgresql"


def turn(study: optuna.Study) -> AbstractContextManager[None]:
    """Hold this while counting and claiming. PostgreSQL frees it when the holder dies."""
    return turn_at(study._storage, study.study_name)


def turn_at(storage: optuna.storages.BaseStorage, name: str) -> AbstractContextManager[None]:
    """The same for a study that is still to be made."""
    engine = _engine(storage)
    if engine is None or engine.dialect.name != "postgresql":
        return nullcontext()
    return _advisory_lock(engine, f"orchestrator/{name}")


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[None]:
    digest = hashlib.sha256(name.encode()).digest()[:8]
    key = int.from_bytes(digest, "big", signed=True)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        with _heard_of(connection):
            yield


@contextmanager
def _heard_of(connection: Connection) -> Iterator[None]:
    """A turn that is long (a slow draw, a warm start with many trials) is none that stands still.

    Raises:
        SQLAlchemyError: the turn was over before its holder was.
    """
    over, failed = threading.Event(), list[SQLAlchemyError]()

    def speak() -> None:
        while not failed and not over.wait(store.IDLE_SECONDS / 4):
            try:
                connection.execute(text("SELECT 1"))
            except SQLAlchemyError as error:
                failed.append(error)

    speaker = threading.Thread(target=speak, name="turn", daemon=True)
    speaker.start()
    try:
        yield
    finally:
        over.set()
        speaker.join()
    if failed:
        raise failed[0]


def _engine(storage: optuna.storages.BaseStorage) -> Engine | None:
    backend = getattr(storage, "_backend", storage)  # Optuna wraps a database in a cache
    return getattr(backend, "engine", None)
