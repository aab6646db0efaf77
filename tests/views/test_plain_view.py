"""Plain lines: one a change of state, few in between, none twice."""

from __future__ import annotations

import time
from dataclasses import replace

from view_parts import board

from orchestrator.board import Board, TrialRow
from orchestrator.views.plain import PROGRESS_EVERY, PlainView


def _board() -> Board:
    return Board("s", total=4, metric="val_acc")


def test_each_change_of_state_is_one_line() -> None:
    lines: list[str] = []
    view, made = PlainView(lines.append, began=0.0), _board()
    made.post(0, label="vgg16 · lr 3e-3")
    view.show(made.snapshot())
    made.post(0, stage="attacking")
    view.show(made.snapshot())
    made.post(0, state="finished", metrics={"val_acc": 0.848, "robust_score": 0.2}, seconds=75.0)
    view.show(made.snapshot())
    view.show(made.snapshot())
    assert lines[0] == "trial 0 running: vgg16 · lr 3e-3"
    assert lines[1].startswith(
        "trial 0 finished: vgg16 · lr 3e-3, val_acc 84.8, robust_score 20.0, 1m15s [1/4"
    )
    assert len(lines) == 2


def test_a_failure_says_why() -> None:
    lines: list[str] = []
    made = _board()
    made.post(3, label="x", state="failed", reason="disk\nfull")
    PlainView(lines.append, began=0.0).show(made.snapshot())
    assert lines == ["trial 3 failed: x: disk full"]


def test_progress_is_told_at_most_every_ten_seconds() -> None:
    lines: list[str] = []
    view, moment = PlainView(lines.append, began=0.0), board(1).snapshot()
    for tenth in range(0, 301):  # 30 seconds in steps of 0.1
        view.show(replace(moment, seconds=tenth / 10))
    progress = [line for line in lines if "512/2000" in line]
    assert len(progress) == int(30 / PROGRESS_EVERY)


def test_a_message_is_told_once() -> None:
    lines: list[str] = []
    view, made = PlainView(lines.append, began=0.0), _board()
    made.say("starting Ray")
    view.show(made.snapshot())
    view.show(made.snapshot())
    assert lines == ["starting Ray"]


def test_what_an_earlier_session_ended_is_not_told_again() -> None:
    lines: list[str] = []
    made = _board()
    made.adopt((TrialRow(0, "old", state="finished"),))
    PlainView(lines.append, began=time.time()).show(made.snapshot())
    assert lines == []


def test_a_plan_that_was_too_short_is_not_told_as_no_time_left() -> None:
    lines: list[str] = []
    moment = replace(board(1).snapshot(), seconds=60.0, seconds_left=0.0)
    view = PlainView(lines.append, began=0.0)
    view.show(moment)
    view.show(replace(moment, seconds=90.0))
    assert lines[-1].endswith("[0/6, longer than planned]")
