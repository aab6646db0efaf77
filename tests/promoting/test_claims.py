"""The turn to move aliases: one process at a time, and none waits for a dead one."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import psutil
import pytest
from mlflow import MlflowClient

import orchestrator.tracking.claims as claims
from orchestrator.tracking.claims import PREFIX, Claim, read_claims, turn_at
from orchestrator.tracking.store import open_client
from search_spaces.errors import UnavailableError

WORKER = Path(__file__).with_name("registry_worker.py")


@pytest.fixture
def client(store: str) -> MlflowClient:
    opened = open_client(store)
    opened.create_registered_model("m")
    return opened


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(WORKER), *arguments], stdout=subprocess.PIPE, text=True
    )


def put(client: MlflowClient, claim: Claim) -> None:
    client.set_registered_model_tag("m", PREFIX + claim.token, json.dumps(asdict(claim)))


@pytest.mark.slow
def test_never_two_inside(client: MlflowClient, store: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    inside = [start("enter", store, "m", str(log), "8") for _ in range(3)]
    assert [process.wait(120) for process in inside] == [0, 0, 0]
    lines = [line.split() for line in log.read_text().splitlines()]
    assert len(lines) == 48
    for came, went in zip(lines[::2], lines[1::2], strict=True):
        assert (came[0], went[0], came[1]) == ("in", "out", went[1])
    assert len({line[1] for line in lines}) == 3
    assert read_claims(client, "m") == []


@pytest.mark.slow
def test_the_claim_of_a_killed_process_is_taken_away_at_once(
    client: MlflowClient, store: str
) -> None:
    holder = start("hold", store, "m", "600")
    assert holder.stdout is not None and holder.stdout.readline() == "in\n"
    holder.kill()
    holder.wait(10)
    began = time.monotonic()
    with turn_at(client, "m") as turn:
        turn.check()
    assert time.monotonic() - began < claims.LEASE / 4
    assert read_claims(client, "m") == []


def test_the_claim_of_a_silent_machine_is_taken_away_after_the_lease(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE", 1.0)
    put(client, Claim("elsewhere", 1, "another-host", 1, 0.0))
    began = time.monotonic()
    with turn_at(client, "m"):
        assert 1.0 <= time.monotonic() - began < 10.0


def test_a_process_that_was_too_slow_writes_nothing_more(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "LEASE", 2.0)
    with turn_at(client, "m") as turn:
        turn.check()
        time.sleep(1.1)
        with pytest.raises(UnavailableError, match="The turn to move"):
            turn.check()
    with turn_at(client, "m") as turn:
        (mine,) = read_claims(client, "m")
        client.delete_registered_model_tag("m", PREFIX + mine.token)
        with pytest.raises(UnavailableError):
            turn.check()


def test_a_live_process_is_waited_for(
    client: MlflowClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "_PATIENCE", 0.5)
    me = psutil.Process()
    put(client, Claim("drawing", 0, socket.gethostname(), me.pid, me.create_time()))
    with pytest.raises(UnavailableError, match=f"process {me.pid} on"), turn_at(client, "m"):
        raise AssertionError("somebody who draws a ticket comes first")


def test_a_process_id_that_was_given_again_is_not_the_process() -> None:
    me = psutil.Process()
    host = socket.gethostname()
    assert not Claim("a", 1, host, me.pid, me.create_time()).is_dead
    assert Claim("a", 1, host, me.pid, me.create_time() - 100).is_dead
    assert Claim("a", 1, host, 2**22 + 1, 0.0).is_dead
    assert not Claim("a", 1, "another-host", 2**22 + 1, 0.0).is_dead
