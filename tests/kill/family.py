"""All processes that came from one start, whoever their parent is by now."""

from __future__ import annotations

import os
import time

import psutil

MARK = "ORCHESTRATOR_TEST_FAMILY"
# Ray's two agents of a node look for their parent once in a while only, and take a minute to leave.
LINGER_SECONDS = 75.0


def family(leader: int, mark: str) -> list[psutil.Process]:
    """Processes with `mark` in their environment, and Ray's in the leader's session.

    Ray's agents and workers rename themselves, which destroys what `/proc` shows of their
    environment, but stay in the session. Of any other process the session alone proves nothing:
    numbers of processes that are gone are given out again.
    """
    return [each for each in psutil.process_iter() if _is_of(each, leader, mark)]


def _is_of(process: psutil.Process, leader: int, mark: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        shown = process.environ()
        if MARK in shown:
            return shown[MARK] == mark
        return not shown and os.getsid(process.pid) == leader and _words(process)[:5] == "ray::"
    except (psutil.Error, OSError):
        return False


def ray_workers(leader: int, mark: str) -> list[psutil.Process]:
    """Of the family, those that run trials."""
    return [process for process in family(leader, mark) if _is_trial_worker(process)]


def strays(leader: int, mark: str, *, agents: bool = True) -> list[str]:
    """Who is still there after `LINGER_SECONDS` at most, in words.

    Args:
        agents: whether Ray's agents count, which are what takes that long.
    """
    until = time.monotonic() + LINGER_SECONDS
    while (left := _left(leader, mark, agents)) and time.monotonic() < until:
        time.sleep(0.5)
    return [f"process {each.pid} is left: {_words(each)}" for each in left]


def _left(leader: int, mark: str, agents: bool) -> list[psutil.Process]:
    return [each for each in family(leader, mark) if agents or "Agent" not in _words(each)]


def _is_trial_worker(process: psutil.Process) -> bool:
    """Ray titles it by the method while one runs, and by its class in between."""
    return any(name in _words(process) for name in ("TrialWorker", "ResourceTrainable"))


def _words(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())[:120] or process.name()
    except psutil.Error:
        return "gone by now"
