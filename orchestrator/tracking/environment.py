"""How MLflow is made to fail fast and keep to itself, in the processes that send to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

# MLflow reads this one when it is imported, so it is set before; the rest it reads in each call.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# By default a call to a server that is away takes 245 s (measured, MLflow 3.17). No call is
# repeated by MLflow itself: one that made a run before its answer was lost would make a second.
# The next pass repeats it instead, after it has looked for the run.
_ALWAYS = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
_UNLESS_SET = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
    # Telling where a run can be seen asks the server for it first.
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
_KNOCK_SECONDS = 2.0
_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mssql": 1433}


@contextmanager
def failing_fast() -> Iterator[None]:
    """MLflow's settings for a caller that has better things to do than wait; put back after."""
    before = {name: os.environ.get(name) for name in (*_ALWAYS, *_UNLESS_SET)}
    os.environ.update({name: before[name] or value for name, value in _UNLESS_SET.items()})
    os.environ.update(_ALWAYS)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def why_away(tracking_uri: str) -> str:
    """Why a tracking store cannot be reached, in words; empty for one that answers, and files."""
    parts = urlsplit(tracking_uri)
    port = _port(parts.scheme) if parts.hostname else None
    if port is None or not parts.hostname:
        return ""
    port = parts.port or port
    try:
        socket.create_connection((parts.hostname, port), timeout=_KNOCK_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error) or "no answer"
        kind = "server" if parts.scheme.startswith("http") else "database"
        return f"the MLflow {kind} at {parts.hostname}:{port} is away: {reason}"
    return ""


def _port(scheme: str) -> int | None:
    """The usual port of a server; None for what is none, such as a file."""
    return _PORTS.get(scheme.partition("+")[0])
