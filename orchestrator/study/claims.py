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


def is_shared(study: optuna.Study) -> bool:
    """Whether several drivers may work this study at once: its database can tell them apart."""
    engine = _engine(study)
    return engine is not None and engine.dialect.name == "postgresql"


def turn(study: optuna.Study) -> AbstractContextManager[None]:
    """Hold this while counting and claiming. PostgreSQL frees it when the holder dies."""
    engine = _engine(study)
    if engine is None or not is_shared(study):
        return nullcontext()
    return _advisory_lock(engine, f"orchestrator/{study.study_name}")


@contextmanager
def _advisory_lock(engine: Engine, name: str) -> Iterator[None]:
    digest = hashlib.sha256(name.encode()).digest()[:8]
    key = int.from_bytes(digest, "big", signed=True)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": key})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


def _engine(study: optuna.Study) -> Engine | None:
    storage = study._storage
    backend = getattr(storage, "_backend", storage)  # Optuna wraps a database in a cache
    return getattr(backend, "engine", None)
