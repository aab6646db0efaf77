"""The live table stays within its terminal, and shows what matters there."""

from __future__ import annotations

from dataclasses import replace

import pytest
from view_parts import board, screen, text_of

from orchestrator.board import TrialRow
from orchestrator.views.live import live_view, visible_rows


@pytest.mark.parametrize("trials", [0, 1, 10, 300])
@pytest.mark.parametrize(("width", "height"), [(40, 10), (80, 24), (160, 50)])
def test_it_is_never_taller_nor_wider_than_the_terminal(
    width: int, height: int, trials: int
) -> None:
    console = screen(width, height)
    made = board(trials)
    made.say("a message that is longer than any terminal is wide, " * 5)
    console.print(live_view(made.snapshot(), console))
    lines = text_of(console).splitlines()
    assert len(lines) < height
    assert max(map(len, lines)) <= width
    assert len(lines[2]) <= width - 3  # room for the terminal's own ^C


def test_head_best_and_progress_are_there_at_80_columns() -> None:
    console = screen(80, 24)
    console.print(live_view(replace(board(10).snapshot(), seconds_left=200.0), console))
    text = text_of(console)
    assert "9/15 trials" in text
    assert "about 3m20s left" in text.splitlines()[0]
    assert "best: 50.8 val_acc" in text  # trial 8 of 0 to 8 has 0.5 + 8 / 1000
    assert "512/2000" in text


def test_a_wide_terminal_says_stage_then_figures() -> None:
    console = screen(160, 24)
    console.print(live_view(board(2).snapshot(), console))
    assert "extracting features 512/2000" in text_of(console)


def test_running_rows_come_first_then_the_newest_that_ended() -> None:
    rows = tuple(
        TrialRow(number, "x", state=state)
        for number, state in enumerate(
            ["running", "finished", "finished", "failed", "running", "waiting"]
        )
    )
    chosen, hidden = visible_rows(rows, 4)
    assert [row.number for row in chosen] == [0, 2, 3, 4]
    assert hidden == 2


def test_a_reason_over_several_lines_takes_one_row() -> None:
    made = board(1)
    made.post(0, state="failed", reason="first\nsecond")
    console = screen(160, 24)
    console.print(live_view(made.snapshot(), console))
    assert "first second" in text_of(console)
