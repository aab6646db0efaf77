"""The ranked table of a trainable of one's own: what was varied, what came out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table

from orchestrator.views.numbers import NOTHING, count, duration, metric, plain

if TYPE_CHECKING:
    from orchestrator.results import SearchResult, TrialResult

_MOST_COLUMNS = 12  # of parameters and metrics; the rest is in `--json`


def own_table(result: SearchResult, rows: Sequence[TrialResult]) -> Table:
    """A line a trial: number, objectives, parameters, the other figures, seconds."""
    goals = [objective["metric"] for objective in result.objectives]
    params = list(dict.fromkeys(name for row in rows for name in row.params))
    others = [name for row in rows for name in row.metrics if name not in goals]
    shown = [*goals, *params, *dict.fromkeys(others)][: max(_MOST_COLUMNS, len(goals))]
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for name in ("", "#", *shown, "seconds"):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(rows, start=1):
        cells = [_cell(row, name) for name in shown]
        table.add_row(
            count(rank),
            str(row.number),
            *cells,
            duration(row.seconds),
            style="bold" if rank == 1 else "",
        )
    return table


def _cell(row: TrialResult, name: str) -> str:
    if name in row.metrics:
        return metric(name, row.metrics[name])
    return _words(row.params.get(name))


def _words(value: Any) -> str:
    if value is None:
        return NOTHING
    is_number = isinstance(value, float) and not isinstance(value, bool)
    return plain(value) if is_number else str(value)
