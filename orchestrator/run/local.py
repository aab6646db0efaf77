"""Runs trials in this process, one at a time: the Ray runner's twin for tests and debuggers."""

from __future__ import annotations

from contextlib import closing

from orchestrator.run.attempt import Attempt, read_failure
from orchestrator.study.conductor import Conductor
from orchestrator.study.messages import Assignment


def run_locally(conductor: Conductor) -> None:
    """Run trials until the conductor has no more."""
    while (assignment := conductor.next()) is not None:
        _run_one(conductor, assignment)


def _run_one(conductor: Conductor, assignment: Assignment) -> None:
    try:
        with closing(Attempt(assignment)) as attempt:
            for message in attempt:
                if conductor.heard(assignment.number, message) is not None:
                    return
    except Exception:
        # The attempt has left its record; what kind of failure it is stands in there.
        conductor.failed(assignment.number, *read_failure(assignment.folder))
