"""Runs one check for so many seconds at most, whatever hangs in it and whatever it raises."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from orchestrator.doctor.finding import Examined, Finding, note, stop
from orchestrator.doctor.request import DoctorRequest
from search_spaces.errors import OrchestratorError

SECONDS = 5.0
"""That a check may take, unless it says otherwise; a dead server must not hold up the others."""


@dataclass(frozen=True)
class Check:
    """One thing to look at.

    Args:
        run: gives its findings, one or more; may raise anything.
        seconds: after which it is given up: then whatever it waited for would hold up a search.
    """

    run: Callable[[DoctorRequest], Iterable[Finding]]
    seconds: float = SECONDS


def run_check(name: str, check: Check, request: DoctorRequest) -> Examined:
    """What `check` found; never raises and never waits longer than `check.seconds`."""
    found: list[Finding] = []
    began = time.monotonic()
    # Daemonic: one that hangs (in a name server, in a dead disk) must not keep the process alive.
    thread = threading.Thread(target=_collect, args=(name, check, request, found), daemon=True)
    thread.start()
    thread.join(check.seconds)
    findings = tuple(found)
    if thread.is_alive():
        findings = (*findings, _late(name, check.seconds))
    return Examined(name, findings, time.monotonic() - began)


def _collect(name: str, check: Check, request: DoctorRequest, found: list[Finding]) -> None:
    try:
        for finding in check.run(request):
            found.append(finding)
    except OrchestratorError as error:  # written for people: a wrong --storage
        found.append(stop(name, str(error), "do as the message says"))
    except Exception as error:  # a check that is wrong itself must not hide what the others say
        lines = str(error).strip().splitlines() or [""]
        what = f"{type(error).__name__}: {lines[0]}"[:200]
        says = f"this check went wrong itself, and says nothing of your machine ({what})"
        found.append(note(name, says, "report it, with the output of: orchestrator version"))


def _late(name: str, seconds: float) -> Finding:
    says = f"no answer within {seconds:g} s: what it waits for would hold up a search, too"
    return stop(name, says, f"find out what hangs, then: orchestrator doctor --only {name}")
