"""Two drivers at one study in PostgreSQL: the number is exact, and none is run twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import logged_trial
import psycopg
import pytest
from auditing import assert_clean, audit, read_story
from logged_trial import ends, read_log
from postgres_server import PostgresServer
from shells import Shell

from orchestrator.study.uris import storage_uri

pytestmark = pytest.mark.needs("postgresql")
TRIALS = 40
BEAT, GRACE = 1.0, 4.0  # seconds


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Of a server of its own; each test has a study of its own in it."""
    with PostgresServer() as server:
        yield server.uri


@pytest.fixture
def drive(
    shell: Shell, database: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a driver: `drive("name", "--trials", "40")`."""
    monkeypatch.setenv("ORCHESTRATOR_BEAT_SECONDS", str(BEAT))
    monkeypatch.setenv("ORCHESTRATOR_GRACE_SECONDS", str(GRACE))
    shutil.copy(logged_trial.__file__, shell.folder)
    started: list[subprocess.Popen[str]] = []

    def start(
        study: str, *options: str, pause: float = 0.05, wait: bool = True
    ) -> subprocess.Popen[str]:
        driver = shell.start(
            "search", "logged_trial.py", "--trainable", "logged_trial:train", "--study", study,
            "--storage", database, "--set", f"log={log_of(shell)}", "--set", f"pause={pause}",
            *options,
        )  # fmt: skip
        started.append(driver)
        if len(started) == 1 and wait:
            wait_for(lambda: bool(read_log(log_of(shell))), "the first trial")
        return driver

    yield start
    for driver in started:
        if driver.poll() is None:
            driver.kill()
            driver.communicate()


def log_of(shell: Shell) -> Path:
    return shell.folder / "runs.log"


def wait_for(condition: Callable[[], bool], what: str, seconds: float = 150) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, f"waited too long for {what}"
        time.sleep(0.02)


def done(driver: subprocess.Popen[str], seconds: float = 150) -> str:
    """What a driver printed, once it has ended well."""
    out, err = driver.communicate(timeout=seconds)
    assert driver.returncode == 0, out + err
    return out + err


def both_are_at_it(shell: Shell, *drivers: subprocess.Popen[str]) -> Callable[[], bool]:
    def look() -> bool:
        lines = [line for line in read_log(log_of(shell)) if line.what == "end"]
        return all(sum(line.pid == driver.pid for line in lines) >= 3 for driver in drivers)

    return look


def is_in_a_trial(shell: Shell, driver: subprocess.Popen[str], epoch: int) -> Callable[[], bool]:
    def look() -> bool:
        lines = [line for line in read_log(log_of(shell)) if line.pid == driver.pid]
        return bool(lines) and lines[-1].what == "epoch" and lines[-1].epoch == epoch

    return look


def given_away(shell: Shell, study: str, database: str) -> list[int]:
    """Trials that were failed for their driver's silence."""
    trials = read_story(shell.folder, study, storage=database).trials
    return [trial.number for trial in trials if trial.reason.startswith("its driver went silent")]


@pytest.mark.timeout(240)
def test_one_of_two_is_killed_on_the_way(shell: Shell, database: str, drive):
    first = drive("killed", "--trials", str(TRIALS), "--local")
    second = drive("killed", "--trials", str(TRIALS), "--local")
    wait_for(both_are_at_it(shell, first, second), "both drivers to run trials")
    wait_for(is_in_a_trial(shell, first, 2), "the first to be in a trial")
    first.kill()
    first.communicate()
    done(second)
    assert_clean(audit(shell.folder, "killed", storage=database))
    assert len(given_away(shell, "killed", database)) == 1
    times = ends(log_of(shell))
    assert len(times) == TRIALS
    assert max(times.values()) == 1
    starts = [line.x for line in read_log(log_of(shell)) if line.what == "start"]
    assert len(starts) == TRIALS + 1  # the killed one's trial began twice


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_both_start_at_the_same_moment(shell: Shell, database: str, drive):
    """One of them makes the study; the other one finds the name taken, and joins."""
    first = drive("together", "--trials", "8", "--local", wait=False)
    second = drive("together", "--trials", "8", "--local")
    done(first)
    done(second)
    assert_clean(audit(shell.folder, "together", storage=database))


@pytest.mark.timeout(240)
@pytest.mark.slow
@pytest.mark.parametrize("epoch", [1, 4])
def test_one_that_comes_back_from_the_dead(shell: Shell, database: str, drive, epoch: int):
    """Stopped within a trial, after an epoch that is not its last or is; then its trial is gone."""
    study = f"returned{epoch}"
    first = drive(study, "--trials", "12", "--local", pause=0.2)
    second = drive(study, "--trials", "12", "--local", pause=0.2)
    wait_for(is_in_a_trial(shell, first, epoch), "the first to be in a trial")
    os.kill(first.pid, signal.SIGSTOP)
    wait_for(lambda: bool(given_away(shell, study, database)), "its trial to be given away")
    os.kill(first.pid, signal.SIGCONT)
    done(first)
    done(second)
    assert_clean(audit(shell.folder, study, storage=database))
    (gone,) = given_away(shell, study, database)
    trial = read_story(shell.folder, study, storage=database).trials[gone]
    assert trial.state == "failed"
    assert trial.metrics == {}


# Other drivers, each suspended where it would be in everybody's way.
SUSPENDED = {
    "after counting": "with turn(study): suspend()",
    "after its claim": "with turn(study): study.ask(); suspend()",
    "with a row locked": (
        "with study._storage._backend.engine.begin() as connection: "
        "connection.execute(text('SELECT * FROM studies FOR UPDATE')); suspend()"
    ),
}
DRIVER = """
import os, signal
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from orchestrator.study.claims import turn
from orchestrator.study.store import load_study, open_storage
study = load_study(open_storage({uri!r}), {study!r})
def suspend(): os.kill(os.getpid(), signal.SIGSTOP)
try:
    {doing}
except SQLAlchemyError:
    print("its turn was over")
"""


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("where", SUSPENDED)
def test_one_that_is_suspended(shell: Shell, database: str, drive, where: str):
    """Nobody waits for it for long; and what it claimed in a turn that it lost is not its own."""
    study = where.replace(" ", "-")
    driver = drive(study, "--trials", "12", "--local", pause=0.2)
    code = DRIVER.format(uri=storage_uri(database), study=study, doing=SUSPENDED[where])
    other = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    try:
        done(driver)
        assert other.poll() is None
        os.kill(other.pid, signal.SIGCONT)
        out, _ = other.communicate(timeout=30)
        assert out == "its turn was over\n"
    finally:
        other.kill()
        other.wait()
    assert_clean(audit(shell.folder, study, storage=database))


def sessions_that_stand_still(database: str) -> set[int]:
    """Of those within a transaction; the database's own ids."""
    query = (
        "SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' "
        "AND clock_timestamp() - state_change > interval '0.2 s'"
    )
    with psycopg.connect(database) as connection:
        return {row[0] for row in connection.execute(query)}


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_one_that_was_cut_off_goes_on(shell: Shell, database: str, drive):
    """Suspended within a transaction (a laptop's lid) until the database has ended its session."""
    driver = drive("lid", "--trials", "40", "--local", pause=0.01)
    until, sessions = time.monotonic() + 60, set[int]()
    while not sessions:
        assert time.monotonic() < until and driver.poll() is None
        os.kill(driver.pid, signal.SIGSTOP)
        time.sleep(0.3)
        sessions = sessions_that_stand_still(database)
        if not sessions:
            os.kill(driver.pid, signal.SIGCONT)
            time.sleep(0.011)
    wait_for(lambda: not sessions & sessions_that_stand_still(database), "its session to be ended")
    os.kill(driver.pid, signal.SIGCONT)
    done(driver)
    assert_clean(audit(shell.folder, "lid", storage=database))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_drivers_on_two_rays(shell: Shell, database: str, drive):
    options = ("rays", "--trials", str(TRIALS), "--concurrency", "1")
    first = drive(*options, wait=False, pause=0.4)
    second = drive(*options, wait=False, pause=0.4)

    def both_run() -> bool:
        return len({line.pid for line in read_log(log_of(shell)) if line.what == "end"}) >= 2

    wait_for(both_run, "both to have run a trial", 240)
    first.kill()
    first.communicate()
    done(second, 240)
    assert_clean(audit(shell.folder, "rays", storage=database))
    assert len(ends(log_of(shell))) == TRIALS
