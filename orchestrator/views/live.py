"""The live table on a terminal: trials with state and progress, best so far, time left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import duration, metric
from orchestrator.views.progress import left, stage

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from orchestrator.board import SearchSnapshot, TrialRow

_STYLES = {
    "running": "cyan",
    "finished": "green",
    "pruned": "yellow",
    "failed": "red",
    "stopped": "yellow",
    "waiting": "dim",
}
_ECHO = 3  # columns kept free on the right: a terminal's own ^C must not start a new line there
_AROUND = 6  # lines that are no trial: head, best, bar, headings, the count of hidden rows, message


def live_view(snapshot: SearchSnapshot, console: Console) -> RenderableType:
    """The whole view of one moment, never taller than the terminal nor wider."""
    rows, hidden = visible_rows(snapshot.rows, max(1, console.height - _AROUND - 1))
    parts: list[RenderableType] = [_head(snapshot), _bar(snapshot, console)]
    parts.append(_table(rows, _figures(snapshot), console.width - _ECHO))
    if hidden:
        parts.append(Text(f"… and {hidden} more", style="dim"))
    if snapshot.message:
        parts.append(_line(snapshot.message, "dim"))
    return Group(*parts)


def visible_rows(rows: tuple[TrialRow, ...], room: int) -> tuple[tuple[TrialRow, ...], int]:
    """The rows to show in `room` lines, in order of their numbers, and how many are hidden.

    Running trials come first, then the newest that ended, then those that wait.
    """
    urgency = {"running": 0, "waiting": 2}
    by_need = sorted(rows, key=lambda row: (urgency.get(row.state, 1), -row.number))
    chosen = sorted(by_need[:room], key=lambda row: row.number)
    return tuple(chosen), len(rows) - len(chosen)


def _head(snapshot: SearchSnapshot) -> Text:
    parts = [
        f"{snapshot.study}: {snapshot.finished}/{snapshot.total} trials",
        f"{duration(snapshot.seconds)} so far",
        left(snapshot) or "time left not known yet",
    ]
    return _line(" · ".join(parts), "bold")


def _bar(snapshot: SearchSnapshot, console: Console) -> RenderableType:
    best = snapshot.best
    figure = metric(snapshot.metric, best.metrics[snapshot.metric]) if best else ""
    words = f"best: {figure} {snapshot.metric} · {best.label} (trial {best.number})" if best else ""
    grid = Table.grid(padding=(0, 2, 0, 0), expand=False)
    grid.add_column(width=20)
    grid.add_column(no_wrap=True, overflow="ellipsis", max_width=console.width - 23)
    bar = ProgressBar(total=max(1, snapshot.total), completed=snapshot.finished, width=20)
    grid.add_row(bar, Text(words or "no trial has finished yet", style="" if best else "dim"))
    return grid


def _figures(snapshot: SearchSnapshot) -> tuple[str, ...]:
    """The objective, and the two figures of our own trials where there are any."""
    seen = {name for row in snapshot.rows for name in row.metrics}
    ours = ("val_acc", "robust_score") if seen & {"val_acc", "robust_score"} or not seen else ()
    return tuple(dict.fromkeys((snapshot.metric, *ours)))


def _table(rows: tuple[TrialRow, ...], figures: tuple[str, ...], width: int) -> Table:
    wide = width >= 107
    table = Table(box=None, pad_edge=False, padding=(0, 2 if wide else 1, 0, 0), width=width)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("trial", ratio=3, no_wrap=True, overflow="ellipsis")
    table.add_column("state", no_wrap=True, width=8)
    table.add_column("progress", ratio=3, no_wrap=True, overflow="ellipsis")
    for name in figures:
        short = name.removesuffix("_score")
        table.add_column(short, justify="right", no_wrap=True, width=max(7, min(12, len(short))))
    table.add_column("time", justify="right", no_wrap=True, width=6)
    for row in rows:
        style = _STYLES.get(row.state, "")
        table.add_row(
            str(row.number),
            row.label,
            Text(row.state, style=style),
            Text(stage(row, figures_first=not wide), style="red" if row.state == "failed" else ""),
            *(metric(name, row.metrics.get(name)) for name in figures),
            duration(row.seconds),
        )
    return table


def _line(text: str, style: str) -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ellipsis")
