"""One driver at a time counts the trials and claims the next, so that their number is exact.

Optuna claims a waiting trial atomically (PostgreSQL locks its row), but between counting and
claiming two drivers could both see room for the last one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import optuna
from sqlalchemy import Engine, text

# Turns take a tenth of a second; whatever lasts for longer than this has come to a standstill.
MOST_SECONDS = 15.0


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
        # Whoever is suspended within its turn (a laptop's lid) must not hold up everybody else: the
        # server ends such a session, and the commit at the end of that turn fails.
        limit = f"SET LOCAL idle_in_transaction_session_timeout = {int(1000 * MOST_SECONDS)}"
        connection.execute(text(limit))
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})
        yield


def _engine(storage: optuna.storages.BaseStorage) -> Engine | None:
    backend = getattr(storage, "_backend", storage)  # Optuna wraps a database in a cache
    return getattr(backend, "engine", None)
