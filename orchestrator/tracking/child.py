"""The process that sends to MLflow, as its driver holds it. Imports no MLflow."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from orchestrator.tracking.result import SyncResult

ENDED_WELL = (0, 2, 3)  # all sent; no such study; something is left: see `__main__`
_KILL_SECONDS = 2.0


class Child:
    """One such process; it is told to end when its standard input closes.

    Args:
        hello: what it is to send, and where to.
        heard: is given the result of each pass, from a thread.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, hello: Mapping[str, object], heard: Callable[[SyncResult], None]) -> None:
        self._heard = heard
        self._process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.tracking"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            # A session of its own: Ctrl-C at the terminal is for the driver alone.
            start_new_session=True,
        )
        # Addresses go through the pipe: arguments would show passwords to all users.
        with contextlib.suppress(OSError):  # it is dead already: `wait` will say so
            if self._process.stdin:
                self._process.stdin.write(json.dumps(hello) + "\n")
                self._process.stdin.flush()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def close(self) -> None:
        """Let it send the rest and end."""
        with contextlib.suppress(OSError):
            if self._process.stdin:
                self._process.stdin.close()

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit code, after all that it said was heard; None where it has not ended by then."""
        try:
            code = self._process.wait(None if seconds is None else max(0.0, seconds))
        except subprocess.TimeoutExpired:
            return None
        self._reader.join(_KILL_SECONDS)
        return code

    def stop(self) -> None:
        """End it now."""
        self._process.terminate()
        if self.wait(_KILL_SECONDS) is None:
            self._process.kill()
            self.wait()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            with contextlib.suppress(ValueError, TypeError):
                self._heard(SyncResult.from_json(line))
