"""Makes the tables of a new tracking database: once, whole, and by one process at a time.

Eight processes that made MLflow's tables at once broke seven of them and the database for good
(facts.md), and a process that is killed while it makes them leaves a database that no later one
can mend. So a sqlite file is made beside its place and moved there under a lock; in a PostgreSQL
or MySQL server the database's own lock lets one in at a time.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from orchestrator.study.uris import sqlite_path
from search_spaces.errors import UnavailableError

_LOCK_SECONDS = 120.0  # making the tables takes 2 to 7 s; a busy machine may need more
_LOCKS = {
    "postgresql": ("SELECT pg_advisory_lock(:key)", "SELECT pg_advisory_unlock(:key)"),
    "mysql": (
        "SELECT GET_LOCK(CAST(:key AS CHAR), 120)",
        "SELECT RELEASE_LOCK(CAST(:key AS CHAR))",
    ),
}


def make_schema(tracking_uri: str) -> None:
    """Make the tables that are missing; at once where all are there.

    Raises:
        UnavailableError: another process has been making them for two minutes.
        OSError: the folder of a sqlite file cannot be written.
        mlflow.exceptions.MlflowException: the store cannot be used.
        sqlalchemy.exc.SQLAlchemyError: the server cannot be used.
    """
    path = sqlite_path(tracking_uri)
    if path is None:
        with _server_lock(tracking_uri):
            _touch(tracking_uri)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size:
        with _folder_lock(path.parent):  # an older MLflow's file may lack a table
            _touch(tracking_uri)
        return
    with _folder_lock(path.parent):
        if not path.exists() or not path.stat().st_size:
            _make_file(path)


def _make_file(path: Path) -> None:
    part = path.with_name(f".{path.name}.part")
    for left in path.parent.glob(f".{path.name}.part*"):
        left.unlink()  # by one that was killed; nobody else is here
    _touch(f"sqlite:///{part}")
    if path.exists():
        part.replace(path)  # it is empty
        return
    with contextlib.suppress(FileExistsError):  # a plain `mlflow ui` was faster
        os.link(part, path)
    part.unlink()


def _touch(tracking_uri: str) -> None:
    """The first call to a store makes its tables; the connection is closed, for a move."""
    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    client.search_experiments(max_results=1)
    engine = getattr(client._tracking_client.store, "engine", None)
    if engine is not None:
        engine.dispose()


@contextlib.contextmanager
def _folder_lock(folder: Path) -> Iterator[None]:
    """One process at a time in a folder, whoever's it is; a dead one lets go.

    The folder itself is locked, so that no file is left in it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        until = time.monotonic() + _LOCK_SECONDS
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    tried = [("waiting for its lock", "another process has been making it")]
                    raise UnavailableError(f"MLflow's store in {folder}", tried) from None
                time.sleep(0.05)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _server_lock(tracking_uri: str) -> Iterator[None]:
    """The server's own lock, on a connection that sits idle meanwhile; none for other servers."""
    url = make_url(tracking_uri)
    statements = _LOCKS.get(url.get_backend_name())
    if statements is None:
        yield
        return
    digest = hashlib.sha256(f"orchestrator/mlflow/{url.database}".encode()).digest()[:8]
    key = {"key": int.from_bytes(digest, "big", signed=True)}
    engine = create_engine(url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 10})
    try:
        with engine.connect() as connection:
            connection.execute(text(statements[0]), key)
            try:
                yield
            finally:
                connection.execute(text(statements[1]), key)
    finally:
        engine.dispose()
