"""How MLflow is made to fail fast and keep to itself, in the processes that send to it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

# MLflow reads this one when it is imported, so it is set before; the rest it reads in each call.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

# By default a call to a server that is away takes 245 s (measured, MLflow 3.17).
_FAIL_FAST = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "15",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_RECORD_ENV_VARS_IN_MODEL_LOGGING": "false",
}
_KNOCK_SECONDS = 2.0


@contextmanager
def failing_fast() -> Iterator[None]:
    """MLflow's settings for a caller that has better things to do than wait; put back after."""
    before = {name: os.environ.get(name) for name in _FAIL_FAST}
    os.environ.update({name: before[name] or value for name, value in _FAIL_FAST.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def why_away(tracking_uri: str) -> str:
    """Why a tracking server cannot be reached, in words; empty for one that answers, and files."""
    parts = urlsplit(tracking_uri)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=_KNOCK_SECONDS).close()
    except OSError as error:
        reason = error.strerror or str(error) or "no answer"
        return f"the MLflow server at {parts.hostname}:{port} is away: {reason}"
    return ""
