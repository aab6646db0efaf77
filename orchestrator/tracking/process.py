"""`Tracker`: the driver's hold on the process that sends to MLflow. Imports no MLflow."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from orchestrator.study.uris import masked
from orchestrator.tracking.child import ENDED_WELL, Child
from orchestrator.tracking.result import SyncResult

_EVERYTHING = ("the whole study",)
_MOST_STARTS = 20
_REST_SECONDS = 1.0  # before one that died is started again


class Tracker:
    """Sends a study to MLflow beside the search: never raises, never lets the driver wait.

    The process is started again if it dies, by whatever hand.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._result = SyncResult("")
        self._hello: Mapping[str, object] = {}
        self._child: Child | None = None
        self._over = threading.Event()
        self._spawning = threading.Lock()
        self._starts = 0

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
        self._hello = {
            "storage": storage,
            "study": study,
            "tracking_uri": tracking_uri,
            "pictures": pictures,
            "driver": f"{socket.gethostname()}:{os.getpid()}",
        }
        if self._spawn() is not None:
            threading.Thread(target=self._watch, daemon=True).start()

    @property
    def pid(self) -> int | None:
        """Of the process, None where there is none."""
        return self._child.pid if self._child else None

    @property
    def latest(self) -> SyncResult:
        """What the last pass gave: run ids so far, what is left, what is wrong."""
        with self._lock:
            return self._result

    def finish(self, timeout: float) -> SyncResult:
        """Let it send the rest, models included; waits at most about `timeout` seconds.

        What could not be sent by then is in the result; `orchestrator sync` sends it later.
        """
        until = time.monotonic() + timeout
        with self._spawning:
            self._over.set()
            child = self._child
        while child is not None:
            child.close()
            code = child.wait(until - time.monotonic())
            if code is None:
                child.stop()
                self._fail(f"it did not take everything within {timeout:g} s")
            elif code not in ENDED_WELL:
                self._fail(f"the process that sends to MLflow ended with code {code}")
                child = self._spawn()
                continue
            break
        return self.latest

    def _spawn(self) -> Child | None:
        """A new process, None where it cannot be had."""
        if self._starts >= _MOST_STARTS:
            return None
        self._starts += 1
        try:
            self._child = Child(self._hello, self._hear)
        except OSError as error:
            self._fail(f"the process that sends to MLflow did not start: {error}")
            self._child = None
        return self._child

    def _watch(self) -> None:
        child = self._child
        while child is not None:
            if child.wait() in ENDED_WELL or self._over.wait(_REST_SECONDS):
                return
            with self._spawning:
                child = None if self._over.is_set() else self._spawn()

    def _hear(self, result: SyncResult) -> None:
        with self._lock:  # a line names only the runs that are new
            ids = {**self._result.run_ids, **result.run_ids}
            self._result = replace(result, run_ids=ids)

    def _fail(self, note: str) -> None:
        with self._lock:
            left = self._result.left or ("the last of it",)
            self._result = replace(self._result, left=left, note=note)
