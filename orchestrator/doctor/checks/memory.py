"""Whether there is memory for the driver and as many workers as there are cores."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.cgroup import read_limits
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest

_GIB = 2**30


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    del request
    import psutil

    there, limits = psutil.virtual_memory(), read_limits()
    total, available = there.total, there.available
    if limits.memory is not None and limits.memory < total:
        total = limits.memory
        available = min(available, limits.memory - (limits.memory_used or 0))
    mask = getattr(os, "sched_getaffinity", None)
    workers = len(mask(0)) if mask else os.cpu_count() or 1
    yield judge(total, available, workers, container=total != there.total)


def judge(total: int, available: int, workers: int, *, container: bool) -> Finding:
    """What to say of memory.

    Args:
        total, available: bytes, of the machine or of the container.
        workers: trials at a time, one a core.
    """
    facts: dict[str, Any] = {"total": total, "available": available, "container": container}
    whose = "of the container's" if container else "of"
    words = f"{available / _GIB:.1f} GiB free {whose} {total / _GIB:.1f}"
    if available < SHARED + WORKER:
        need = f"a search of one trial at a time takes at least {(SHARED + WORKER) / _GIB:.1f}"
        return stop("memory", f"{words}; {need}", "end other programs, or allow more", **facts)
    if available < SHARED + workers * WORKER:
        fits = max(1, int((available - SHARED) // WORKER))
        says = f"{words}; {workers} trials at once take at least {_gib(SHARED + workers * WORKER)}"
        return note("memory", says, f"orchestrator search SPACE --concurrency {fits}", **facts)
    return fine("memory", words, **facts)


def _gib(size: int) -> str:
    return f"{size / _GIB:.1f} GiB"


# Proportional set sizes at their peak, seen in one search (n = 1) of 4 trials on 2 cores (a head on
# tf_efficientnet_lite0 at 64 px, 300 images, torch 2.14, Ray 2.60, MLflow 3.17): driver 0.63 GiB,
# the process that sends to MLflow 0.81, Ray itself 0.28; each worker 0.64, rounded up here. Nets
# that train, and larger images, take more: this is the least that any search takes.
SHARED = int(1.75 * _GIB)
WORKER = int(0.75 * _GIB)

CHECK = Check(look)
