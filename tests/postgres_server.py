"""A real PostgreSQL for tests: its own user, its own folder, on 127.0.0.1 only."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

_AS_POSTGRES = ("runuser", "-u", "postgres", "--")  # initdb refuses root
_START_SECONDS = 20.0


class PostgresServer:
    """An empty database. It may be stopped and started again, to be away for a while.

    Attributes:
        uri: with its password.
    """

    def __init__(self) -> None:
        self._tools = max(Path("/usr/lib/postgresql").glob("*/bin"))
        # Not below pytest's own folder, which only root may enter.
        self._folder = Path(tempfile.mkdtemp(prefix="orchestrator-pg-"))
        self._port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None
        password = secrets.token_hex(8)
        self.uri = f"postgresql://orchestrator:{password}@127.0.0.1:{self._port}/postgres"
        self._make(password)
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [*_AS_POSTGRES, self._tools / "postgres", "-D", self._folder / "data",
             "-p", str(self._port), "-c", "listen_addresses=127.0.0.1", "-k", self._folder,
             "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        until = time.monotonic() + _START_SECONDS
        while not self._answers():
            assert time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.1)

    def stop(self) -> None:
        """Stop it at once: whoever is connected is cut off."""
        if self._process is None:
            return
        stop = [self._tools / "pg_ctl", "-D", self._folder / "data", "-m", "immediate", "stop"]
        subprocess.run([*_AS_POSTGRES, *stop], check=False, capture_output=True)
        self._process.wait(30)
        self._process = None

    def __enter__(self) -> PostgresServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self, password: str) -> None:
        shutil.chown(self._folder, "postgres")
        file = self._folder / "password"
        file.write_text(password)
        shutil.chown(file, "postgres")
        subprocess.run(
            [*_AS_POSTGRES, self._tools / "initdb", "-D", self._folder / "data",
             "-A", "scram-sha-256", "-U", "orchestrator", f"--pwfile={file}"],
            check=True, capture_output=True,
        )  # fmt: skip

    def _answers(self) -> bool:
        tool = [self._tools / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self._port)]
        return subprocess.run(tool, check=False).returncode == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
