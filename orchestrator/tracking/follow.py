"""The loop of the child process: pass after pass until its standard input closes, then one last.

Standard input closes when the driver says so, and also when the driver dies, however it dies.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import SyncResult
from search_spaces.errors import UnavailableError

PASS_SECONDS = 1.5
_MOST_SECONDS = 15.0  # between passes while something is away
_LAST_TRIES = 2
_BETWEEN_TRIES = 2.0
PICTURES = "the study's pictures"


class Follower:
    """Sends one study as long as its driver lives, and tells the driver after each pass.

    Args:
        source: whose end means: the search is over, one last pass with the models.
        sink: where each result goes, as one line of JSON that names only the runs that are new.
        pictures: whether the study's pictures are drawn.
    """

    def __init__(self, source: TextIO, sink: TextIO, *, pictures: bool = True) -> None:
        self._sink, self._pictures = sink, pictures
        self._over = threading.Event()
        self._told: dict[int, str] = {}
        threading.Thread(target=_wait_for_end, args=(source, self._over), daemon=True).start()

    def open(self, make: Callable[[], Projection]) -> Projection:
        """What `make` gives, once the study's database is there.

        Raises:
            OrchestratorError: there is no such study; or its database is still away at the end.
        """
        pause = PASS_SECONDS
        while True:
            try:
                return make()
            except UnavailableError:
                if self._over.wait(pause):
                    raise
                pause = min(2 * pause, _MOST_SECONDS)

    def follow(self, projection: Projection) -> SyncResult:
        """Pass after pass; the last one's result."""
        pause = PASS_SECONDS
        while not self._over.is_set():
            result = projection.run_pass(last=False)
            self._write(result)
            if result.complete and self._pictures and not self._over.is_set():
                projection.draw(last=False)
            pause = PASS_SECONDS if result.complete else min(2 * pause, _MOST_SECONDS)
            self._over.wait(pause)
        return self._last_passes(projection)

    def _last_passes(self, projection: Projection) -> SyncResult:
        result = projection.run_pass(last=True)
        for _ in range(_LAST_TRIES - 1):
            if result.complete:
                break
            self._write(result)
            time.sleep(_BETWEEN_TRIES)
            result = projection.run_pass(last=True)
        if result.complete and self._pictures:
            # Said before they are drawn: a driver that waits no longer knows what it has.
            self._write(replace(result, left=(PICTURES,)))
            result = replace(result, note=projection.draw(last=True))
        self._write(result)
        return result

    def _write(self, result: SyncResult) -> None:
        """To a driver that may be dead by now."""
        fresh = {n: run for n, run in result.run_ids.items() if self._told.get(n) != run}
        with contextlib.suppress(OSError, ValueError):
            print(replace(result, run_ids=fresh).to_json(), file=self._sink, flush=True)
            self._told |= fresh


def _wait_for_end(source: TextIO, over: threading.Event) -> None:
    with contextlib.suppress(OSError, ValueError):
        while source.readline():
            pass
    over.set()


def main_streams() -> tuple[TextIO, TextIO]:
    """Standard input and output; whatever a library prints goes to standard error instead."""
    sink = sys.stdout
    sys.stdout = sys.stderr
    return sys.stdin, sink


def log_into(folder: Path) -> None:
    """Send standard error to `mlflow.log` in the study's folder, if that can be written."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(message)s")
    logging.getLogger("orchestrator").setLevel(logging.INFO)
    with contextlib.suppress(OSError), (folder / "mlflow.log").open("ab") as log:
        os.dup2(log.fileno(), 2)
