"""The loop of the child process: pass after pass until its standard input closes, then one last.

Standard input closes when the driver says so, and also when the driver dies, however it dies.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import TextIO

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import SyncResult

PASS_SECONDS = 1.5
_MOST_SECONDS = 15.0  # between passes while the store is away
_LAST_TRIES = 2
_BETWEEN_TRIES = 2.0


def follow(projection: Projection, source: TextIO, sink: TextIO) -> SyncResult:
    """Pass after pass; each result is written to `sink` as one line of JSON.

    Args:
        source: whose end means: the search is over, one last pass with the models.
    """
    over = threading.Event()
    threading.Thread(target=_wait_for_end, args=(source, over), daemon=True).start()
    pause = PASS_SECONDS
    while not over.is_set():
        result = projection.run_pass(last=False)
        _write(sink, result)
        pause = PASS_SECONDS if result.complete else min(2 * pause, _MOST_SECONDS)
        over.wait(pause)
    return _last_passes(projection, sink)


def _last_passes(projection: Projection, sink: TextIO) -> SyncResult:
    result = projection.run_pass(last=True)
    _write(sink, result)
    for _ in range(_LAST_TRIES - 1):
        if result.complete:
            break
        time.sleep(_BETWEEN_TRIES)
        result = projection.run_pass(last=True)
        _write(sink, result)
    return result


def _wait_for_end(source: TextIO, over: threading.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        while source.readline():
            pass
    over.set()


def _write(sink: TextIO, result: SyncResult) -> None:
    """To a driver that may be dead by now."""
    with contextlib.suppress(OSError, ValueError):
        print(result.to_json(), file=sink, flush=True)


def main_streams() -> tuple[TextIO, TextIO]:
    """Standard input and output; whatever a library prints goes to standard error instead."""
    sink = sys.stdout
    sys.stdout = sys.stderr
    return sys.stdin, sink


def log_into(folder: Path) -> None:
    """Send standard error to `mlflow.log` in the study's folder, if that can be written."""
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "mlflow.log").open("ab") as log:
            os.dup2(log.fileno(), 2)
