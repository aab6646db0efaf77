"""What one trial is doing, in a few words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.board import TrialRow


def stage(row: TrialRow, *, figures_first: bool = False) -> str:
    """`extracting features 512/2000` while it runs; the reason when it ended otherwise.

    Args:
        figures_first: for narrow columns, which cut the end off.
    """
    if row.state in ("failed", "pruned"):
        return " ".join(row.reason.split())
    if row.state != "running":
        return ""
    figures = f"{row.done}/{row.total}" if row.total else ""
    parts = (figures, row.stage) if figures_first else (row.stage, figures)
    return " ".join(part for part in parts if part)
