"""A real MLflow server process over a sqlite store, on 127.0.0.1."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from orchestrator.tracking.bound import start_bound
from orchestrator.tracking.ui import server_command, server_environment


def copy_store(schema: Path, root: Path) -> str:
    """A fresh sqlite store in the folder `root`; its URI."""
    (root / "mlflow.db").write_bytes(schema.read_bytes())
    return f"sqlite:///{root}/mlflow.db"


@dataclass(frozen=True)
class Server:
    """A running MLflow server over the sqlite store in `folder`."""

    uri: str
    folder: Path


def start_server(store_uri: str, port: int, folder: Path) -> subprocess.Popen[bytes]:
    """The command that `orchestrator ui` runs; it ends with the tests, however they end."""
    with (folder / "server.log").open("ab") as log:
        return start_bound(
            server_command(port), env=server_environment(store_uri), cwd=folder, output=log
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, whose workers share its process group, and nothing else."""
    try:
        os.killpg(process.pid, 15)
        process.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait(10)
    except ProcessLookupError:
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 90.0) -> None:
    """Until `url` answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, f"the server ended with code {process.returncode}"
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(url)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
