"""Label curves as people read them in a terminal: a table of means, and the answers below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import count

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.label_curves import LabelCurve


def print_label_curves(console: Console, curves: Sequence[LabelCurve]) -> None:
    """Print them; nothing where there are none."""
    if not curves:
        return
    from orchestrator.label_curves import label_sentences
    from orchestrator.label_curves.table import mean_cells, sizes_of

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("labels", justify="right")
    for curve in curves:
        table.add_column(curve.name, justify="right", overflow="fold")
    for size in sizes_of(curves):
        table.add_row(count(size), *(mean_cells(curve, size) for curve in curves))
    console.print()
    console.print(table)
    basis = "Percent on validation images: mean (standard deviation) of the splits."
    console.print(Text(basis, style="dim"))
    for sentence in label_sentences(curves):
        console.print(Text(f"  {sentence}"))
