"""Runs trials in this process, one at a time: the Ray runner's twin for tests and debuggers."""

from __future__ import annotations

import time
from contextlib import closing

from orchestrator.run.attempt import Attempt, read_failure
from orchestrator.study.conductor import Conductor
from orchestrator.study.messages import Assignment

_LOOK_AGAIN = 1.0  # seconds between two looks while other drivers run the last trials


def run_locally(conductor: Conductor) -> None:
    """Run trials until the conductor has no more, and no other driver's trial may come back."""
    while conductor.ending() is None:
        assignment = conductor.next()
        if assignment is not None:
            _run_one(conductor, assignment)
        elif conductor.ending() is None:
            time.sleep(_LOOK_AGAIN)


def _run_one(conductor: Conductor, assignment: Assignment) -> None:
    try:
        with closing(Attempt(assignment)) as attempt:
            for message in attempt:
                if conductor.heard(assignment.number, message) is not None:
                    attempt.close(save=conductor.halting() is not None)
                    return
    except Exception:
        # The attempt has left its record; what kind of failure it is stands in there.
        conductor.failed(assignment.number, *read_failure(assignment.folder))
