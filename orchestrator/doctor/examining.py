"""`examine`: runs the checks, one after the other."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

from orchestrator.doctor.bounded import run_check
from orchestrator.doctor.checks import CHECKS
from orchestrator.doctor.finding import Examination, Examined
from orchestrator.doctor.request import DoctorRequest


def examine(
    *,
    storage: str | None = None,
    tracking_uri: str | None = None,
    weights_dir: str | Path | None = None,
    full: bool = False,
    only: Sequence[str] = (),
) -> Examination:
    """Whether this machine can run a search, and what to do where it cannot.

    Nothing is left behind or downloaded. No check takes longer than its limit, 5 s for most.

    Args:
        storage, tracking_uri, weights_dir: as in `search`.
        full: also start Ray and run something on it.
        only: names of checks (default: all).

    Raises:
        UnknownNameError: there is no such check.
    """
    folder = None if weights_dir is None else Path(weights_dir)
    request = DoctorRequest(storage, tracking_uri, folder, full)
    return Examination(tuple(examining(request, only)))


def examining(request: DoctorRequest, only: Sequence[str] = ()) -> Generator[Examined, None, None]:
    """As `examine`, check by check as they end."""
    checks = [(name, CHECKS.get(name)) for name in only or CHECKS.names()]
    for name, check in checks:
        yield run_check(name, check, request)
