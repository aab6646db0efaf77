"""A search on a Ray cluster that was there before, joined with its token."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from shells import SMALL, Shell


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def head(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a one-node cluster on 127.0.0.1 that asks for a token."""
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    port = free_port()
    ray = [sys.executable, "-m", "ray.scripts.scripts"]
    process = subprocess.Popen(
        [*ray, "start", "--head", "--block", f"--port={port}", "--node-ip-address=127.0.0.1",
         "--num-cpus=2", "--include-dashboard=false", "--disable-usage-stats"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.slow
def test_a_search_joins_a_cluster_with_its_token(shell: Shell, head: str, monkeypatch):
    line = (*SMALL, "--study", "joined", "--trials", "2", "--address", head)
    for _ in range(10):  # until the cluster is up
        process = shell.start("search", "backbone_compare", *line, "--json")
        out, err = process.communicate(timeout=200)
        if process.returncode == 0:
            break
    assert process.returncode == 0, err
    assert '"finished"' in out
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    stranger = shell.start("resume", "joined", "--trials", "3", "--address", head)
    out, err = stranger.communicate(timeout=200)
    assert stranger.returncode == 1, out + err
    assert f"The Ray cluster at {head} cannot be had here" in err
    assert os.environ["RAY_AUTH_TOKEN"] not in out + err


def test_a_cluster_that_is_not_there_is_said_so(shell: Shell):
    process = shell.start("search", "backbone_compare", *SMALL, "--address", "127.0.0.1:1")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, out + err
    assert "The Ray cluster at 127.0.0.1:1 cannot be had here" in err
    assert "--local" in err
    assert not list(Path(shell.folder).glob("optuna.db"))
