"""A password in an address is written nowhere: not in a file, not in what is printed, not by Ray.

A real search on Ray with study and runs in a real PostgreSQL, and every command after it; then each
file that any of them left is searched for the password, the files of Ray's session among them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from postgres_server import PostgresServer

SEARCH = (
    "search", "backbone_compare", "--data", "digits", "--train-size", "40", "--val-size", "40",
    "--weights", "random", "--backbones", "mini_vgg", "--set", "tune=all", "--set", "width=8",
    "--set", "epochs=2", "--study", "secret", "--trials", "2", "--keep-models", "1",
)  # fmt: skip


class Place:
    """A working folder, a folder for Ray, and what commands said there."""

    def __init__(self, folder: Path, ray: Path) -> None:
        self.folder, self.ray, self.said = folder, ray, ""

    def run(self, *arguments: str, status: int | None = 0, runs: str = "") -> str:
        """Standard output of a command; what it says is kept.

        Args:
            runs: MLflow's address, for a command that takes it from the environment only.
        """
        ended = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", *arguments],
            cwd=self.folder,
            env={
                **os.environ,
                **({"MLFLOW_TRACKING_URI": runs} if runs else {}),
                **dict.fromkeys(("RAY_TMPDIR", "TMPDIR"), str(self.ray)),
            },
            capture_output=True,
            text=True,
            timeout=280,
        )
        self.said += ended.stdout + ended.stderr
        if status is not None:
            assert ended.returncode == status, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Ray's sockets want a short path."""
    ray = Path(tempfile.mkdtemp(prefix="r", dir="/tmp"))
    yield Place(tmp_path, ray)
    shutil.rmtree(ray, ignore_errors=True)


def _holding(secrets: tuple[str, ...], *roots: Path) -> list[str]:
    """Files under the roots that hold one of the secrets."""
    return [
        f"{path}: {secret}"
        for root in roots
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
        for secret in secrets
        if secret.encode() in path.read_bytes()
    ]


def test_the_search_for_secrets_finds_one(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "log").write_bytes(b"\0postgresql://me:hunter2@host\0")
    assert _holding(("hunter2",), tmp_path) == [f"{tmp_path}/deep/log: hunter2"]


@pytest.mark.slow
@pytest.mark.needs("postgresql")
@pytest.mark.timeout(900)
def test_a_whole_search_shows_no_password(place: Place) -> None:
    with PostgresServer() as server:
        password = server.uri.partition("//")[2].partition("@")[0].partition(":")[2]
        _database(server.uri, "runs")
        storage = server.uri
        runs = f"{server.uri.rpartition('/')[0]}/runs".replace("://", "+psycopg://", 1)
        stores = ("--storage", storage, "--tracking-uri", runs)
        place.run(*SEARCH, *stores)
        assert list(place.ray.rglob("*")), "Ray's files are elsewhere: the test tests nothing"
        found = json.loads(place.run("show", "secret", "--storage", storage, "--json"))
        assert len(found["trials"]) == 2 and found["parent_run_id"]
        place.run(
            "resume", "secret", "--storage", storage, "--add-trials", "1", "--local", runs=runs
        )
        place.run("evaluate", "secret", *stores, "--no-pictures", "--masking-time", "none")
        place.run("sync", "secret", *stores)
        place.run("list", "--storage", storage)
        place.run("doctor", *stores, "--only", "storage,tracking,clock", "--json")
        for wrong in _wrong(storage):
            place.run("show", "secret", "--storage", wrong, status=1)
        place.run("sync", "secret", "--storage", storage, "--tracking-uri", _wrong(runs)[0],
                  status=1)  # fmt: skip
        held = _rows(server.uri, "postgres") + _rows(server.uri, "runs")
        assert "secret" in held  # the study's name: the dump is one
        secrets = (password, "n0t-the-password", quote("n0t/the@one", safe=""))
        assert not [secret for secret in secrets if secret in held]
        assert not [secret for secret in secrets if secret in place.said]
        assert not _holding(secrets, place.folder, place.ray)


def _wrong(storage: str) -> tuple[str, ...]:
    """Addresses that fail in the database, in the driver, and in the name server."""
    user, _, rest = storage.partition("//")[2].partition(":")
    at = rest.partition("@")[2]
    return (
        f"{storage.partition('//')[0]}//{user}:n0t-the-password@{at}",
        f"postgresql://{user}:{quote('n0t/the@one', safe='')}@{at}",
        f"postgresql://{user}:n0t-the-password@nowhere.invalid/x",
        f"postgresql://{user}:n0t-the-password@127.0.0.1:9/x",
        f"postgresql://{user}:n0t-the-password@{at}?sslmode=require",
    )


def _database(uri: str, name: str) -> None:
    import psycopg

    with psycopg.connect(uri, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")


def _rows(uri: str, database: str) -> str:
    """All that a database holds, as text."""
    import psycopg

    with psycopg.connect(f"{uri.rpartition('/')[0]}/{database}") as connection:
        ask = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        tables = [row[0] for row in connection.execute(ask).fetchall()]
        return "\n".join(
            str(connection.execute(f'SELECT t::text FROM "{table}" t').fetchall())
            for table in tables
        )


@pytest.mark.parametrize("what", ["--storage", "--tracking-uri"])
def test_a_wrong_address_is_repeated_without_its_password(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from orchestrator.cli.app import main

    monkeypatch.chdir(tmp_path)
    password = "n0t-for-you"
    for address in (
        f"postgresql://me:{password}@127.0.0.1:9/x",
        f"mysql://me:{password}@127.0.0.1:9/x",
        f"nosuch://me:{password}@h:1/x",
        f"postgresql://me:{password}@127.0.0.1:notaport/x",
        f"postgresql://me:{password}@[::1/x",
    ):
        for line in (["show", "x"], ["list"], ["doctor", "--only", "storage,tracking"]):
            if what == "--tracking-uri" and line[0] != "doctor":
                continue
            assert main([*line, what, address]) in (0, 1, 2)
            captured = capsys.readouterr()
            assert password not in captured.out + captured.err, (line, address)
    assert not _holding((password,), tmp_path)
