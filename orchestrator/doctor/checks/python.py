"""Python itself: new enough, and of 64 bits."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, stop
from orchestrator.doctor.request import DoctorRequest

OLDEST = (3, 11)  # requires-python of pyproject.toml (a test compares them)


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    del request
    yield judge(sys.version_info[:2], sys.maxsize > 2**32)


def judge(version: tuple[int, int], is_64_bit: bool) -> Finding:
    """What to say of a Python."""
    oldest = ".".join(map(str, OLDEST))
    if version < OLDEST:
        says = f"{version[0]}.{version[1]}; {oldest} or newer is needed"
        return stop("Python", says, f"make PYTHON=python{oldest} search")
    if not is_64_bit:
        return stop("Python", "of 32 bits; torch wants 64", "install a Python of 64 bits")
    system = f"{platform.system()} {platform.machine()}"
    return fine("Python", f"{platform.python_version()} on {system}, {sys.executable}")


CHECK = Check(look)
