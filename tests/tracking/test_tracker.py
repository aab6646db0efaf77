"""The process beside the driver: it outlives kills, and nobody ever waits for a dead server."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from mlflow_audit import slips
from mlflow_server import Server, copy_store, free_port, start_server, wait_for
from plain_study import PlainStudy, plain_study
from study_by_hand import MadeStudy, create_study

from orchestrator.tracking.process import Tracker
from orchestrator.tracking.projection import Projection
from orchestrator.tracking.result import SyncResult, read_result

FOLLOW = [sys.executable, "-m", "orchestrator.tracking"]


def _until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def _count(store: str, query: str) -> int:
    with sqlite3.connect(store.removeprefix("sqlite:///"), timeout=30) as database:
        return int(database.execute(query).fetchone()[0])


def _start(study: MadeStudy | PlainStudy) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        FOLLOW, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdin
    hello = {"storage": study.storage, "study": study.name, "pictures": False}
    process.stdin.write(json.dumps(hello) + "\n")
    process.stdin.flush()
    return process


def test_killed_in_the_middle_nothing_is_lost_or_doubled(tmp_path: Path, schema: Path) -> None:
    (tmp_path / "killed").mkdir()
    (tmp_path / "whole").mkdir()
    stores = {name: copy_store(schema, tmp_path / name) for name in ("killed", "whole")}
    studies = {}
    for name, store in stores.items():
        studies[name] = create_study(tmp_path / name, store)
        for share in (0.8, 0.7, 0.6):
            studies[name].add_finished(share)
    process = _start(studies["killed"])
    # The second run stands, and its artifacts or its last tags are still to come.
    _until(lambda: _count(stores["killed"], "SELECT count(*) FROM runs") >= 3)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    sent = "SELECT count(*) FROM tags WHERE key = 'orchestrator.sent'"
    assert _count(stores["killed"], sent) < 3
    for study in studies.values():
        assert study.sync(again=False).complete
    for table in ("runs", "metrics", "params", "tags", "inputs"):
        query = f"SELECT count(*) FROM {table}"
        assert _count(stores["killed"], query) == _count(stores["whole"], query), table
    pictures = {name: len(list((tmp_path / name).rglob("summary.png"))) for name in stores}
    assert pictures == {"killed": 3, "whole": 3}


def test_live_epochs_then_an_end_when_the_driver_is_killed(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store, trials=1)
    number = study.add_running(epochs=2)
    driver = subprocess.Popen(
        [sys.executable, "-c", _DRIVER, study.storage, study.name],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert driver.stdout
    child = psutil.Process(int(driver.stdout.readline()))
    epochs = "SELECT count(*) FROM metrics WHERE key = 'val_loss'"
    _until(lambda: _count(store, epochs) == 2)
    study.finish_running(number, 0.9)
    os.kill(driver.pid, signal.SIGKILL)
    driver.wait()
    _until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)
    assert _count(store, epochs) == 6
    ended = "SELECT count(*) FROM runs WHERE status = 'FINISHED'"
    assert _count(store, ended) == 2


_DRIVER = """
import sys, time
from orchestrator.tracking.process import Tracker
tracker = Tracker()
tracker.start(sys.argv[1], sys.argv[2], pictures=False)
print(tracker.pid, flush=True)
time.sleep(300)
"""


def test_a_server_that_is_away_costs_no_time_and_gets_it_all_later(
    tmp_path: Path, server: Server
) -> None:
    away = f"http://someone:s3cret@127.0.0.1:{free_port()}"
    study = create_study(tmp_path, away, experiment="away")
    study.add_finished(0.8)
    tracker = Tracker()
    began = time.monotonic()
    tracker.start(study.storage, study.name, tracking_uri=away, pictures=False)
    assert time.monotonic() - began < 5
    began = time.monotonic()
    result = tracker.finish(40)
    assert time.monotonic() - began < 45
    assert not result.complete and "is away" in result.note
    assert "orchestrator sync compare-1" in result.unsent
    assert "s3cret" not in result.to_json() + result.unsent
    held = read_result(study.folder)
    assert held and "s3cret" not in held.to_json()
    assert "s3cret" not in (study.folder / "mlflow.log").read_text()
    later = study.sync(tracking_uri=server.uri)
    assert later.complete, later
    store = f"sqlite:///{server.folder}/mlflow.db"
    name = f"SELECT count(*) FROM runs WHERE name = '{study.labels[0]}'"
    assert _count(store, name) == 1
    assert study.sync(tracking_uri=server.uri).run_ids == later.run_ids
    assert _count(store, name) == 1


def test_a_tracker_that_is_killed_is_started_again(tmp_path: Path, store: str) -> None:
    study = plain_study(tmp_path, store)
    study.finished(0.1, 0.2)
    tracker = Tracker()
    tracker.start(study.storage, study.name, pictures=False)
    first = tracker.pid
    assert first
    os.kill(first, signal.SIGKILL)
    _until(lambda: tracker.pid != first)
    assert tracker.pid
    os.kill(tracker.pid, signal.SIGKILL)  # and again, just before the end
    result = tracker.finish(60)
    assert result.complete and set(result.run_ids) == {0}, result
    assert slips(study, tmp_path / "mlflow.db") == []
    mine = psutil.Process().children(recursive=True)
    assert not [child for child in mine if child.cmdline()[1:3] == FOLLOW[1:]]


def test_no_password_among_the_arguments(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store)
    tracker = Tracker()
    tracker.start(study.storage + "?password=s3cret", study.name, pictures=False)
    try:
        mine = psutil.Process().children(recursive=True)
        lines = [" ".join(child.cmdline()) for child in mine]
        assert any("orchestrator.tracking" in line for line in lines)
        assert not any("s3cret" in line or "sqlite" in line for line in lines)
    finally:
        assert not tracker.finish(0).complete


def test_finish_does_not_wait_beyond_its_time(tmp_path: Path, store: str) -> None:
    study = create_study(tmp_path, store)
    study.add_finished(0.8)
    tracker = Tracker()
    tracker.start(study.storage, study.name, pictures=False)
    began = time.monotonic()
    result = tracker.finish(0.2)
    assert time.monotonic() - began < 5
    assert not result.complete and "within 0.2 s" in result.note


def test_a_study_that_is_not_there_is_a_note_and_no_error(tmp_path: Path) -> None:
    study = create_study(tmp_path)
    tracker = Tracker()
    tracker.start(study.storage, "compare-2", pictures=False)
    result = tracker.finish(60)
    assert "compare-2" in result.note and not result.complete


@pytest.mark.parametrize("text", ["", "[]", "{}", "noise", "null"])
def test_noise_is_no_result(text: str) -> None:
    with pytest.raises(ValueError):
        SyncResult.from_json(text)


def test_an_outage_of_an_hour_takes_no_memory(tmp_path: Path) -> None:
    study = plain_study(tmp_path, f"http://127.0.0.1:{free_port()}")
    study.finished(0.1, 0.2)
    projection = Projection(study.storage, study.name)
    for _ in range(20):
        assert "is away" in projection.run_pass(last=False).note
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(240):  # at one look in 15 s, an hour
            projection.run_pass(last=False)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_tracker_and_server_die_again_and_again(tmp_path: Path, schema: Path) -> None:
    """SIGKILL of either or both at random moments while they are at work; the server stays away
    for seconds. Nobody waits for them: trials start, report and end all the while."""
    chance = random.Random(20261122)
    store, port = copy_store(schema, tmp_path), free_port()
    study = plain_study(tmp_path / "search", f"http://127.0.0.1:{port}", trials=30)
    searching = _Search(study, chance)
    server, follower = start_server(store, port, tmp_path), _start(study)
    try:
        for victims in ("tracker", "server", "both", "tracker", "server", "tracker"):
            rows = _count(store, "SELECT count(*) FROM metrics")
            _until(lambda n=rows: _count(store, "SELECT count(*) FROM metrics") > n + 3, 120)
            time.sleep(chance.uniform(0, 1))
            if victims != "tracker":
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()
            if victims != "server":
                follower.kill()
                follower.wait()
                follower = _start(study)
            if victims != "tracker":
                time.sleep(chance.uniform(1, 4))
                server = start_server(store, port, tmp_path)
        searching.stop()
        wait_for(f"http://127.0.0.1:{port}/health", server)
        assert follower.stdin
        follower.stdin.close()
        assert follower.wait(120) == 0
        assert slips(study, tmp_path / "mlflow.db", tmp_path / "mlartifacts") == []
    finally:
        searching.stop()
        os.killpg(server.pid, signal.SIGKILL)
        follower.kill()
        for process in (server, follower):
            process.wait()


class _Search:
    """Trials that start, report and end, in a thread of their own."""

    def __init__(self, study: PlainStudy, chance: random.Random) -> None:
        self._study, self._chance = study, chance
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            _one_trial(self._study, self._chance)
            self._over.wait(self._chance.uniform(0, 2))


def _one_trial(study: PlainStudy, chance: random.Random) -> None:
    number = study.start(x=chance.uniform(0, 10))
    for _ in range(3):
        study.report(number, chance.random())
        time.sleep(chance.uniform(0, 0.5))
    if chance.random() < 0.2:
        study.end(number, "pruned", reason="stopped early at step 3", stopped_at=3)
    else:
        score = study.study.get_trials(deepcopy=False)[number].intermediate_values[3]
        study.end(number, metrics={"score": score, "loss": 1 / 3})
