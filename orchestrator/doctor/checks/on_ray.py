"""Ray: installed, not half joined to another cluster, and with `--full` it starts and works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest

START_SECONDS = 60.0
_LOCAL = "orchestrator search SPACE --local"


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line for the package, one for a setting that surprises, one for the start."""
    try:
        number = version("ray")
    except PackageNotFoundError:
        yield stop("Ray", "not installed", "pip install 'ray[tune]'")
        return
    if find_spec("ray") is None:
        yield stop("Ray", "its package is damaged", "pip install --force-reinstall 'ray[tune]'")
        return
    if address := os.environ.get("RAY_ADDRESS"):
        says = f"RAY_ADDRESS is {address}: a search starts a Ray of its own all the same"
        yield note("Ray", says, f"orchestrator search SPACE --address {address}")
    if not request.full:
        yield fine("Ray", f"{number}; not started (--full starts it)", version=number)
        return
    began = time.monotonic()
    problem = why_not_starting()
    seconds = round(time.monotonic() - began, 1)
    if problem:
        yield stop("Ray", f"{number} does not start: {problem}", _LOCAL, version=number)
    else:
        says = f"{number}; started, ran a task and stopped in {seconds:g} s"
        yield fine("Ray", says, version=number, seconds=seconds)


def why_not_starting(seconds: float = START_SECONDS) -> str:
    """Start Ray as a search does and run a task on it; why not, in words, or "".

    In a process of its own, since a start that hangs could not be ended otherwise; Ray's own
    processes end with it.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator.run.trying"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"nothing happened within {seconds:g} s"
    if process.returncode == 0:
        return ""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return (lines or [f"it ended with code {process.returncode}"])[-1][:300]


CHECK = Check(look, seconds=START_SECONDS + 10)
