"""A driver that is killed at each of its commits, and at each change to a folder, in turn.

Nothing is left to chance here: between two of these points nothing lasting happens.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import logged_trial
import pytest
from auditing import assert_clean, study_complaints
from crash_points import TRIALS, CrashPoints
from logged_trial import ends

PRUNERS = {"none": (), "asha": ("pruner=asha:first_rung=1",)}


@pytest.fixture(params=PRUNERS)
def crash(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[CrashPoints]:
    """In a working folder, with and without early stopping."""
    shutil.copy(logged_trial.__file__, tmp_path)
    with CrashPoints(tmp_path, *PRUNERS[request.param]) as points:
        yield points


def check(folder: Path, study: str) -> None:
    assert_clean([f"{study}: {line}" for line in study_complaints(folder, study)])
    assert len(ends(folder / f"{study}.log")) <= TRIALS  # points that were run to their end


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_killed_at_each_point(crash: CrashPoints, tmp_path: Path):
    crash.session("first")  # makes the tables
    killed, points = crash.session("whole")
    assert not killed
    check(tmp_path, "whole")
    for point in range(1, points + 1):
        study = f"at{point}"
        killed, _ = crash.session(study, point)
        assert killed
        crash.session(study)
        check(tmp_path, study)


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_again_and_again(crash: CrashPoints, tmp_path: Path, seed: int):
    """At a random point, and then at random points of the sessions that go on, until it is done."""
    draw = random.Random(seed)
    killed, sessions = True, 0
    while killed:
        sessions += 1
        killed, _ = crash.session("again", draw.randrange(1, 120))
        assert sessions < 100
    check(tmp_path, "again")
