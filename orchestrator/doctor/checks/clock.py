"""Whether this machine's clock agrees with those of the others that share a search.

What several machines decide by is timed by the database's clock (Optuna's heartbeats), but MLflow's
curves carry each machine's own, and files on a shared disk carry the file server's.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.databases import ask_database
from orchestrator.doctor.finding import Finding, fine, note
from orchestrator.doctor.request import DoctorRequest
from orchestrator.doctor.servers import ask_server
from orchestrator.study.uris import storage_uri, tracking_uri

MOST = 5.0
"""Seconds; clocks further apart put the curves of two machines visibly beside each other."""
_EARLIEST = 1_750_000_000.0  # June 2025, before this was written: a clock that was never set


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    offs: dict[str, float] = {}
    if (off := _of_files(Path.cwd())) is not None:
        offs["the disk of the working folder"] = off
    if (off := ask_database(storage_uri(request.storage), "studies").seconds_off) is not None:
        offs["the study database"] = off
    uri = tracking_uri(request.tracking_uri)
    if uri.startswith("http") and (off := ask_server(uri).seconds_off) is not None:
        offs["the MLflow server"] = off
    yield judge(time.time(), offs)


def judge(now: float, offs: Mapping[str, float]) -> Finding:
    """What to say of the clock.

    Args:
        now: Unix seconds, by this machine.
        offs: how far each of the others is ahead.
    """
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    facts: dict[str, Any] = {name: round(off, 2) for name, off in offs.items()}
    if now < _EARLIEST:
        return note("clock", f"{said}: this clock was never set", "timedatectl set-ntp true")
    wrong = [f"{_apart(off)} {name}" for name, off in offs.items() if abs(off) > MOST]
    if wrong:
        says = f"{said}; it is {' and '.join(wrong)}"
        return note("clock", says, "timedatectl set-ntp true   # on each machine", **facts)
    agrees = f"; agrees with {', '.join(offs)}" if offs else ""
    return fine("clock", said + agrees, **facts)


def _apart(off: float) -> str:
    return f"{abs(off):.0f} s {'behind' if off > 0 else 'ahead of'}"


def _of_files(folder: Path) -> float | None:
    """How far the clock behind a folder's files is ahead; None where none can be made there."""
    if not os.access(folder, os.W_OK):
        return None
    try:
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-") as file:
            before = time.time()
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
            return Path(file.name).stat().st_mtime - (before + time.time()) / 2
    except OSError:
        return None


CHECK = Check(look)
