"""How long a search has still to go, worked out by hand on a clock that stands where it is put."""

from __future__ import annotations

import pytest

from orchestrator import board as module
from orchestrator.board import Board, TrialRow


class Clock:
    """Seconds since the search began."""

    now = 0.0

    def time(self) -> float:
        """As `time.time`."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(module, "time", made)
    return made


def board(total: int = 4, concurrency: int = 1) -> Board:
    return Board("s", total=total, metric="val_acc", expected=1000.0, concurrency=concurrency)


def test_the_plan_before_anything_is_known(clock: Clock) -> None:
    made = board()
    made.post(0, label="a")
    clock.now = 300.0
    assert made.snapshot().seconds_left == 700.0


def test_the_pace_of_epochs_before_a_first_trial_is_done(clock: Clock) -> None:
    made = board()
    made.post(0, label="a")
    clock.now = 100.0
    made.pace(0, epochs=2, of=10)  # 50 s an epoch, so 500 s a trial
    assert made.snapshot().seconds_left == 400 + 3 * 500
    clock.now = 130.0  # within the next epoch
    assert made.snapshot().seconds_left == 370 + 3 * 500


def test_a_trial_that_goes_on_is_paced_by_what_it_does_here(clock: Clock) -> None:
    made = board(total=1)
    clock.now = 1000.0
    made.post(0, label="a")
    clock.now = 1060.0
    made.pace(0, epochs=1, of=4)  # 20 of 24 were done before
    assert made.snapshot().seconds_left == 180.0
    clock.now = 1700.0  # longer than its epochs said, but not less than nothing
    assert made.snapshot().seconds_left == 0.0


def test_trials_that_are_done_tell_of_those_that_have_not_begun(clock: Clock) -> None:
    made = board(total=5, concurrency=2)
    made.adopt((TrialRow(0, "old", state="finished", seconds=100.0),))
    for number in (1, 2):
        made.post(number, label="b")
    clock.now = 60.0
    made.pace(2, epochs=1, of=4)  # 240 s
    # Nothing has ended in this session: two more like the one whose pace is known.
    assert made.snapshot().seconds_left == (180 + 180 + 2 * 240) / 2
    made.post(1, state="finished", seconds=60.0)
    # 100 and 60 s: 80 s each for the two that are to come.
    assert made.snapshot().seconds_left == (180 + 2 * 80) / 2


def test_epochs_are_not_all_of_a_trial(clock: Clock) -> None:
    made = board(total=2, concurrency=2)
    for number in (0, 1):
        made.post(number, label="b")
    made.post(0, state="finished", seconds=100.0)
    clock.now = 50.0
    made.pace(1, epochs=9, of=10)  # 55 s by its epochs; but the other took 100, its attack and all
    assert made.snapshot().seconds_left == 50.0


def test_without_plan_and_pace_nothing_is_said(clock: Clock) -> None:
    made = Board("s", total=2, metric="val_acc")
    made.post(0, label="a")
    made.pace(0, epochs=0, of=10)
    made.pace(7, epochs=1, of=10)  # of no trial that it knows
    clock.now = 10.0
    assert made.snapshot().seconds_left is None
