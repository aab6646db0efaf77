"""`Tracker`: the driver's hold on the process that sends to MLflow. Imports no MLflow."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from dataclasses import replace

from orchestrator.study.uris import masked
from orchestrator.tracking.result import SyncResult

_EVERYTHING = ("the whole study",)
_KILL_SECONDS = 2.0


class Tracker:
    """Sends a study to MLflow beside the search: never raises, never lets the driver wait."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._lock = threading.Lock()
        self._result = SyncResult("")

    def start(
        self,
        storage: str,
        study: str,
        *,
        tracking_uri: str | None = None,
        pictures: bool = True,
    ) -> None:
        """Start the process; returns at once. What it has to say goes into the study's folder.

        Args:
            storage: Optuna storage URL.
            study: the study's name; it must hold its spec by now.
            tracking_uri: instead of the one in the study's spec, whose password may be masked.
            pictures: draw the study's pictures now and then, and at the end.
        """
        self._result = SyncResult(study, masked(tracking_uri or ""), left=_EVERYTHING)
        command = [sys.executable, "-m", "orchestrator.tracking"]
        hello = {
            "storage": storage,
            "study": study,
            "tracking_uri": tracking_uri,
            "pictures": pictures,
        }
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                # A session of its own: Ctrl-C at the terminal is for the driver alone.
                start_new_session=True,
            )
            if self._process.stdin:
                # Addresses go through the pipe: arguments would show passwords to all users.
                self._process.stdin.write(json.dumps(hello) + "\n")
                self._process.stdin.flush()
        except OSError as error:
            self._fail(f"the process that sends to MLflow did not start: {error}")
            return
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def latest(self) -> SyncResult:
        """What the last pass gave: run ids so far, what is left, what is wrong."""
        with self._lock:
            return self._result

    def finish(self, timeout: float) -> SyncResult:
        """Let it send the rest, models included; waits at most about `timeout` seconds.

        What could not be sent by then is in the result; `orchestrator sync` sends it later.
        """
        process = self._process
        if process is None:
            return self.latest
        with contextlib.suppress(OSError):
            if process.stdin:
                process.stdin.close()
        try:
            code = process.wait(max(0.0, timeout))
        except subprocess.TimeoutExpired:
            self._stop(process)
            self._fail(f"it did not take everything within {timeout:g} s")
            return self.latest
        if self._reader:
            self._reader.join(_KILL_SECONDS)
        if code not in (0, 3) and not self.latest.note:
            self._fail(f"the process that sends to MLflow ended with code {code}")
        return self.latest

    def _read(self) -> None:
        stream = self._process.stdout if self._process else None
        for line in stream or ():
            with contextlib.suppress(ValueError, TypeError):
                result = SyncResult.from_json(line)
                with self._lock:  # a line names only the runs that are new
                    ids = {**self._result.run_ids, **result.run_ids}
                    self._result = replace(result, run_ids=ids)

    def _stop(self, process: subprocess.Popen[str]) -> None:
        process.terminate()
        try:
            process.wait(_KILL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _fail(self, note: str) -> None:
        with self._lock:
            left = self._result.left or ("the last of it",)
            self._result = replace(self._result, left=left, note=note)
