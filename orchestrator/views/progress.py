"""How far a trial is, and the whole search, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import duration

if TYPE_CHECKING:
    from orchestrator.board import SearchSnapshot, TrialRow


def stage(row: TrialRow, *, figures_first: bool = False) -> str:
    """`extracting features 512/2000` while it runs; the reason when it ended otherwise.

    Args:
        figures_first: for narrow columns, which cut the end off.
    """
    if row.state in ("failed", "pruned", "stopped"):
        return " ".join(row.reason.split())
    if row.state != "running":
        return ""
    figures = f"{row.done}/{row.total}" if row.total else ""
    parts = (figures, row.stage) if figures_first else (row.stage, figures)
    return " ".join(part for part in parts if part)


def left(snapshot: SearchSnapshot) -> str:
    """How long the search should still take, in words; empty while nothing is known."""
    if snapshot.seconds_left is None:
        return ""
    if snapshot.seconds_left <= 0 and snapshot.finished < snapshot.total:
        return "longer than planned"
    return f"about {duration(snapshot.seconds_left)} left"
