"""A reference system's table as people read it, ours beside what was published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import NOTHING, count, duration, percent, percent_between

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction


def print_reproduction(console: Console, table: Reproduction) -> None:
    """Print the rows, what speaks for and against each, and what was left out."""
    console.print(Text(f"{table.system}: {table.title}. {table.question}", style="bold"))
    console.print(_table(table))
    for row in table.rows:
        if row.reason:
            console.print(Text(f"  missing: {row.name}: {row.reason}", style="yellow"))
    console.print()
    for sentence in table.sentences:
        console.print(Text(f"  {sentence}"))
    if table.attacked:
        _print_robustness(console, table)
    console.print(Text(_basis(table), style="dim"))


def _table(table: Reproduction) -> Table:
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column("row", overflow="fold")
    for name in ("labels", "epochs", "train", "test (95 %)", "training", "published train"):
        shown.add_column(name, justify="right")
    shown.add_column("published test", justify="right")
    shown.add_column("note", overflow="fold", style="dim")
    for row in table.rows:
        shown.add_row(row.name, *_figures(row), row.note)
    return shown


def _print_robustness(console: Console, table: Reproduction) -> None:
    """Accuracy left at each epsilon, and each robust model against its baseline."""
    epsilons = sorted({e for row in table.attacked if row.robust for e in row.robust.eps_255})
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    shown.add_column("under attack", overflow="fold")
    for name in ("attack", "images", "robust score", *(f"{eps:g}/255" for eps in epsilons)):
        shown.add_column(name, justify="right")
    for row in table.attacked:
        robust = row.robust
        if robust is not None:
            at = dict(zip(robust.eps_255, robust.worst_case, strict=True))
            left = [percent(at.get(eps)) for eps in epsilons]
            cells = (robust.attack, count(robust.count), percent(robust.score), *left)
            shown.add_row(Text(row.name), *cells)
    console.print()
    console.print(shown)
    for sentence in table.robust_sentences:
        console.print(Text(f"  {sentence}"))
    about = "On validation images, the worst case up to each epsilon."
    console.print(Text(f"{about} Picture: {table.robust_picture}", style="dim"))


def _figures(row: ReproducedRow) -> list[str]:
    return [
        count(row.labels),
        count(row.epochs),
        percent(row.train),
        percent_between(row.test, row.low, row.high) if row.test is not None else NOTHING,
        duration(row.seconds),
        _published(row.published_train),
        _published(row.published_test),
    ]


def _published(share: float | None) -> str:
    """With the two decimals that it was published with."""
    return NOTHING if share is None else f"{100 * share:.2f}"


def _basis(table: Reproduction) -> str:
    times = "once" if table.test_openings == 1 else f"{count(table.test_openings)} times"
    return (
        f"Percent, on the test images of {table.data}; {count(table.labels_val)} labels more were "
        f"used for validation. The test split was opened {times} for this study. The budget "
        f"{table.budget} leaves out: {table.left_out}. Picture: {table.picture}"
    )
