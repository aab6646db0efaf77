"""A new tracking store, opened by several processes at once, or by one that is killed at it."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from mlflow_server import free_port

_OPEN = """
import sys, time
from orchestrator.tracking.store import find_experiment, open_client
while time.time() < float(sys.argv[2]):
    time.sleep(0.001)
client = open_client(sys.argv[1])
experiment = find_experiment(client, sys.argv[1], "ours")
client.create_run(experiment, run_name="one of several")
"""


def _openers(uri: str, count: int, *, wait: float) -> list[subprocess.Popen[str]]:
    """Processes that open the store at the same moment, `wait` seconds from now."""
    at = str(time.time() + wait)
    command = [sys.executable, "-c", _OPEN, uri, at]
    return [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(count)]


def _all_end_well(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        _, errors = process.communicate(timeout=200)
        assert process.returncode == 0, errors[-2000:]


def _runs(path: Path) -> tuple[int, int]:
    """Experiments called `ours`, and runs in them."""
    with closing(sqlite3.connect(path)) as database:
        named = "SELECT count(*) FROM experiments WHERE name = 'ours'"
        runs = """SELECT count(*) FROM runs JOIN experiments USING (experiment_id)
                  WHERE experiments.name = 'ours'"""
        return database.execute(named).fetchone()[0], database.execute(runs).fetchone()[0]


@pytest.mark.slow
def test_four_processes_make_one_store_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mlflow.db"
    _all_end_well(_openers(f"sqlite:///{path}", 4, wait=5))
    assert _runs(path) == (1, 4)
    assert sorted(entry.name for entry in path.parent.iterdir()) == ["mlflow.db"]


@pytest.mark.slow
def test_killed_while_it_makes_the_tables(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    (process,) = _openers(f"sqlite:///{path}", 1, wait=0)
    part = tmp_path / ".mlflow.db.part"
    end = time.monotonic() + 90
    while not (part.exists() and part.stat().st_size > 200_000):
        assert time.monotonic() < end and process.poll() is None
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert not path.exists()
    _all_end_well(_openers(f"sqlite:///{path}", 1, wait=0))
    assert _runs(path) == (1, 1)
    assert not list(tmp_path.glob(".mlflow*"))


@pytest.mark.slow
def test_a_file_that_is_empty_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "mlflow.db"
    path.touch()
    _all_end_well(_openers(f"sqlite:///{path}", 1, wait=0))
    assert _runs(path) == (1, 1)


@pytest.fixture
def postgresql() -> Iterator[str]:
    """The URL of an empty database, of a server of its own on 127.0.0.1; stopped by its pid."""
    tools = max(Path("/usr/lib/postgresql").glob("*/bin"))
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-mlflow-pg-"))
    shutil.chown(folder, "postgres")
    password = secrets.token_hex(8)
    (folder / "password").write_text(password)
    shutil.chown(folder / "password", "postgres")
    as_postgres = ["runuser", "-u", "postgres", "--"]
    subprocess.run(
        [*as_postgres, tools / "initdb", "-D", folder / "data", "-A", "scram-sha-256",
         "-U", "orchestrator", f"--pwfile={folder / 'password'}"],
        check=True, capture_output=True,
    )  # fmt: skip
    port = free_port()
    process = subprocess.Popen(
        [*as_postgres, tools / "postgres", "-D", folder / "data", "-p", str(port),
         "-c", "listen_addresses=127.0.0.1", "-k", folder, "-c", "fsync=off"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    ready = [tools / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-q"]
    try:
        for _ in range(200):
            if subprocess.run(ready).returncode == 0:
                break
            time.sleep(0.1)
        yield f"postgresql+psycopg://orchestrator:{password}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_four_processes_make_one_store_in_postgresql(postgresql: str) -> None:
    from mlflow import MlflowClient

    _all_end_well(_openers(postgresql, 4, wait=10))
    client = MlflowClient(postgresql)
    experiment = client.get_experiment_by_name("ours")
    assert len(client.search_runs([experiment.experiment_id])) == 4
