"""A command that is bound to its starter ends with it, and so does all that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from orchestrator.tracking.bound import start_bound

# As MLflow's server: a process that starts another one and waits.
TWO = "sleep 300 & echo $! $$ > ids.new; mv ids.new ids; wait"
STARTER = (
    "import sys, time; from orchestrator.tracking.bound import start_bound;"
    "start_bound(['sh', '-c', sys.argv[1]]); time.sleep(300)"
)
# Neither of the two heeds SIGTERM.
STUBBORN = f"trap '' TERM; {TWO}; wait"
IMPATIENT = (
    "import sys; from orchestrator.tracking import bound; bound.STOP_SECONDS = 0.3;"
    "sys.exit(bound.main(sys.argv[1:]))"
)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[list[psutil.Process]]:
    """Killed in the end, should a test fail."""
    found: list[psutil.Process] = []
    yield found
    for process in found:
        if process.is_running():
            process.kill()


def two_of(folder: Path) -> list[psutil.Process]:
    """The processes of `TWO`, once they run."""
    end = time.monotonic() + 30
    while not (folder / "ids").exists():
        assert time.monotonic() < end, "nothing was started"
        time.sleep(0.02)
    return [psutil.Process(int(number)) for number in (folder / "ids").read_text().split()]


def still_run(processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Those that go on after so many seconds; a zombie, which nobody has buried yet, does not."""
    end = time.monotonic() + seconds
    while alive := [each for each in processes if _runs(each)]:
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    return alive


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_starter(
    number: signal.Signals, tmp_path: Path, started: list[psutil.Process]
) -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER, TWO], cwd=tmp_path)
    try:
        started += two_of(tmp_path)
        assert still_run(started, 0) == started
    finally:
        starter.send_signal(number)
        starter.wait()
    assert still_run(started, 10) == []


def test_it_ends_when_it_is_told_to(tmp_path: Path, started: list[psutil.Process]) -> None:
    process = start_bound(["sh", "-c", TWO], cwd=tmp_path)
    started += two_of(tmp_path)
    assert {os.getpgid(each.pid) for each in started} == {process.pid}
    process.terminate()
    assert process.wait(20) == 0
    assert still_run(started, 1) == []


def test_what_does_not_heed_is_made_to_end(tmp_path: Path, started: list[psutil.Process]) -> None:
    line = [sys.executable, "-c", IMPATIENT, "sh", "-c", STUBBORN]
    process = subprocess.Popen(line, cwd=tmp_path, stdin=subprocess.PIPE)
    started += two_of(tmp_path)
    assert process.stdin
    process.stdin.close()
    assert process.wait(20) == 0
    assert still_run(started, 1) == []


@pytest.mark.parametrize(("script", "code"), [("exit 7", 7), ("kill -9 $$", 137)])
def test_its_exit_code_is_the_commands(script: str, code: int) -> None:
    assert start_bound(["sh", "-c", script]).wait(20) == code
