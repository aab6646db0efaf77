"""Asks an MLflow server over HTTP whether it answers, lets us in, and what time it has.

By urllib, not by MLflow's client: that one tries for four minutes before it gives up (facts.md).
"""

from __future__ import annotations

import base64
import os
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from urllib.parse import unquote, urlsplit, urlunsplit

_SECONDS = 2.0  # twice within the limit of a check


@dataclass(frozen=True)
class ServerState:
    """What an MLflow server says of itself.

    Args:
        problem: why there is no answer, or which; "" where all is well.
        refused: it wants a name and a password, and ours (if any) are not right.
        version: of its MLflow; "" where it does not say.
        seconds_off: its clock minus ours, in whole seconds, as HTTP has it; None where unknown.
    """

    problem: str = ""
    refused: bool = False
    version: str = ""
    seconds_off: float | None = None


def ask_server(uri: str) -> ServerState:
    """The state of the MLflow server at `uri`, which may hold a name and a password."""
    parts = urlsplit(uri)
    base = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])).rstrip("/")
    login = _login(parts.username, parts.password)
    try:
        _, version, off = _get(f"{base}/version", login)
        status, _, _ = _get(f"{base}/api/2.0/mlflow/experiments/search?max_results=1", login)
    except (OSError, ValueError, HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        return ServerState(problem=str(getattr(reason, "strerror", None) or reason))
    if status in (401, 403):
        return ServerState(refused=True, version=version, seconds_off=off)
    problem = "" if status == 200 else f"it answers HTTP {status}: is this an MLflow server?"
    return ServerState(problem, version=version, seconds_off=off)


def _get(url: str, headers: dict[str, str]) -> tuple[int, str, float | None]:
    """Status, the beginning of the body, and how far its clock is ahead of ours."""
    asked = time.time()
    try:
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:
            status, said = answer.status, answer.read(64).decode("utf-8", "replace").strip()
            date = answer.headers.get("Date")
    except urllib.error.HTTPError as error:
        status, said, date = error.code, "", error.headers.get("Date")
    if not date:
        return status, said, None
    # The header is cut to whole seconds: half a second is the best guess of what was cut.
    theirs = parsedate_to_datetime(date).timestamp() + 0.5
    return status, said, theirs - (asked + time.time()) / 2


def _login(name: str | None, password: str | None) -> dict[str, str]:
    """The header of basic authentication, from the address or from MLflow's own variables."""
    name = unquote(name) if name else os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = unquote(password) if password else os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    if not name:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()}
