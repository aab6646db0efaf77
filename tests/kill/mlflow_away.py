"""A real MLflow server that a test can kill and start again over the same store."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from pathlib import Path

from orchestrator.tracking.bound import start_bound
from orchestrator.tracking.store import open_client
from orchestrator.tracking.ui import server_command, server_environment

_START_SECONDS = 90.0


class MlflowServer:
    """On 127.0.0.1, with its store in `folder`; `--workers 1`, without job execution.

    Attributes:
        uri: where it answers.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.uri = f"http://127.0.0.1:{self._port}"
        open_client(self._store)  # the schema, before two workers try to make it at once
        self.start()

    @property
    def _store(self) -> str:
        return f"sqlite:///{self._folder}/server.db"

    def start(self) -> None:
        """Start it and wait until it answers."""
        with (self._folder / "server.log").open("ab") as log:
            self._process = start_bound(
                server_command(self._port),
                env=server_environment(self._store),
                cwd=self._folder,
                output=log,
            )
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert time.monotonic() < until, "the MLflow server did not start, see server.log"
            time.sleep(0.2)

    def kill(self) -> None:
        """SIGKILL to it and its workers, which are a process group of their own."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> MlflowServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.uri}/health", timeout=2):
                return True
        except OSError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
