"""One driver at a time for a study whose database cannot tell two of them apart."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from search_spaces.errors import UsageError


@contextmanager
def driver_lock(folder: Path, study: str) -> Iterator[None]:
    """Hold the study for this process; the system frees it when the process dies, however it dies.

    Raises:
        UsageError: another process drives it right now; says which.
    """
    path = folder / "driver.lock"
    holder = folder / "driver.json"
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        hint = "Wait for it, stop it (Ctrl-C there), or start a search under another name."
        rule = f"A study has one driver at a time, and {study} has one: {_who(holder)}."
        raise UsageError(rule, hint=hint) from None
    try:
        holder.write_text(json.dumps({"host": socket.gethostname(), "pid": os.getpid()}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _who(holder: Path) -> str:
    try:
        found = json.loads(holder.read_text())
        return f"process {found['pid']} on {found['host']}"
    except (OSError, ValueError, KeyError):
        return "a process that has just started"
