"""A study in a real PostgreSQL, started here as its own user on a socket of 127.0.0.1."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shells import SMALL, Shell

pytestmark = pytest.mark.needs("postgresql")
PASSWORD = secrets.token_hex(8)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of an empty database, password included; the server stops with the test."""
    tools = max(Path("/usr/lib/postgresql").glob("*/bin"))
    # Not below pytest's own folder, which only root may enter.
    folder = Path(tempfile.mkdtemp(prefix="orchestrator-pg-"))
    shutil.chown(folder, "postgres")
    (folder / "password").write_text(PASSWORD)
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
    try:
        wait_until_it_answers(port)
        yield f"postgresql://orchestrator:{PASSWORD}@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_it_answers(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("PostgreSQL did not start")


@pytest.mark.slow  # tests/search/test_two_drivers.py has PostgreSQL in the short suite
def test_a_study_in_postgresql_goes_on_and_shows_no_password(shell: Shell, server: str):
    first = shell.start(
        "search", "backbone_compare", *SMALL, "--study", "pg", "--trials", "1", "--local",
        "--storage", server,
    )  # fmt: skip
    out, err = first.communicate(timeout=200)
    assert first.returncode == 0, out + err
    assert PASSWORD not in out + err
    answer = shell.json("resume", "pg", "--storage", server, "--trials", "2", "--local")
    assert [trial["state"] for trial in answer["trials"]] == ["finished"] * 2
    assert ":***@127.0.0.1" in answer["storage"]
    left_behind = [path for path in shell.folder.rglob("*") if path.is_file()]
    assert not [path for path in left_behind if PASSWORD.encode() in path.read_bytes()]


def test_a_server_that_is_not_there(shell: Shell):
    uri = f"postgresql://me:{PASSWORD}@127.0.0.1:{free_port()}/nowhere"
    process = shell.start("list", "--storage", uri)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 1, out + err
    assert "cannot be had here" in err
    assert PASSWORD not in out + err
