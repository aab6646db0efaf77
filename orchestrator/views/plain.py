"""Plain lines for a pipe or a log: one when a trial changes its state, few in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.views.numbers import duration, metric
from orchestrator.views.progress import left, stage

if TYPE_CHECKING:
    from orchestrator.board import SearchSnapshot, TrialRow

PROGRESS_EVERY = 10.0
"""Seconds between two lines that say only how far running trials are."""


class PlainView:
    """Writes what is new since the last snapshot.

    Args:
        write: called with one line, without its end.
        began: Unix seconds; what ended in an earlier session of the study is not told again.
    """

    def __init__(self, write: Callable[[str], None], *, began: float) -> None:
        self._write = write
        self._began = began
        self._states: dict[int, str] = {}
        self._message = ""
        self._next_progress = PROGRESS_EVERY

    def show(self, snapshot: SearchSnapshot) -> None:
        """Write a line for each trial whose state changed, and now and then one of progress."""
        if snapshot.message and snapshot.message != self._message:
            self._message = snapshot.message
            self._write(snapshot.message)
        changed = [row for row in snapshot.rows if self._states.get(row.number) != row.state]
        for row in changed:
            self._states[row.number] = row.state
            if row.state != "waiting" and not self._is_earlier(row):
                self._write(_changed(row, snapshot))
        if changed:
            self._next_progress = snapshot.seconds + PROGRESS_EVERY
        elif snapshot.seconds >= self._next_progress:
            self._next_progress = snapshot.seconds + PROGRESS_EVERY
            self._write(_progress(snapshot))

    def _is_earlier(self, row: TrialRow) -> bool:
        return row.state != "running" and row.started < self._began


def _changed(row: TrialRow, snapshot: SearchSnapshot) -> str:
    words = f"trial {row.number} {row.state}: {row.label}"
    if row.state == "running":
        return words
    if row.state != "finished":
        return f"{words}: {stage(row)}"
    figures = [
        f"{name} {metric(name, row.metrics[name])}"
        for name in dict.fromkeys((snapshot.metric, "val_acc", "robust_score"))
        if name in row.metrics
    ]
    return f"{', '.join([words, *figures, duration(row.seconds)])} {_count(snapshot)}"


def _progress(snapshot: SearchSnapshot) -> str:
    running = [row for row in snapshot.rows if row.state == "running"]
    doing = "; ".join(f"trial {row.number} {stage(row)}" for row in running)
    return f"{doing or snapshot.message or 'waiting'} {_count(snapshot)}"


def _count(snapshot: SearchSnapshot) -> str:
    parts = (f"{snapshot.finished}/{snapshot.total}", left(snapshot))
    return f"[{', '.join(part for part in parts if part)}]"
