"""How many cores trials may have: what the machine has, and what a container may use of them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.cgroup import read_limits
from orchestrator.doctor.finding import Finding, fine, note
from orchestrator.doctor.request import DoctorRequest

_CLOSE = 0.95  # of the cores: a quota that takes next to nothing away is not told


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    del request
    mask = getattr(os, "sched_getaffinity", None)
    count = os.cpu_count() or 1
    allowed = len(mask(0)) if mask else count
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    yield judge(count, allowed, read_limits().cores, load)


def judge(count: int, allowed: int, quota: float | None, load: float) -> Finding:
    """What to say of cores.

    Args:
        count: of the machine.
        allowed: that the scheduler may put this process on.
        quota: cores' worth of time that its control group may use; None for all.
        load: processes that ran or waited in the last minute.
    """
    facts: dict[str, Any] = {
        "machine": count,
        "allowed": allowed,
        "quota": quota,
        "load": round(load, 2),
    }
    words = _of(allowed) if allowed == count else f"{_of(allowed)} of the machine's {count}"
    if quota is not None and quota < _CLOSE * allowed:
        fits = max(1, int(quota))
        says = f"{words}, but the container has only {quota:g} cores' time: so many at once would"
        says += " slow each other down"
        do = f"orchestrator search SPACE --concurrency {fits}"
        return note("cores", says, do, **facts)
    if load > 1.5 * allowed:
        says = f"{words}; busy with other work (load {load:.1f}): times will be longer than planned"
        return note("cores", says, "wait, or end other programs", **facts)
    return fine("cores", words, **facts)


def _of(number: int) -> str:
    return "1 core" if number == 1 else f"{number} cores"


CHECK = Check(look)
