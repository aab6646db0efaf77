"""A comparison as people read it: the verdict, a table of the arms, a sentence for each pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import NOTHING, count, metric

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.comparing.comparison import ArmResult, Comparison

_MOST_SENTENCES = 15


def print_comparison(console: Console, comparison: Comparison) -> None:
    """Print it; of many pairs those of the best arm alone, with the number of the others."""
    console.print(Text(comparison.verdict, style="bold"))
    console.print(_table(comparison))
    pairs = comparison.differences
    shown = pairs if len(pairs) <= _MOST_SENTENCES else pairs[: len(comparison.arms) - 1]
    for pair in shown:
        style = "" if pair.is_told else "dim"
        console.print(Text(f"  {pair.sentence(comparison.metric)}", style=style))
    if len(shown) < len(pairs):
        console.print(Text(f"  {count(len(pairs) - len(shown))} more pairs: --json", style="dim"))
    for item in comparison.left_out:
        console.print(Text(f"  left out: {item.backbone}: {item.reason}", style="yellow"))
    console.print(Text(basis(comparison), style="dim"))


def basis(comparison: Comparison) -> str:
    """What the figures rest on, in words."""
    trials = "trial" if comparison.tuned == 1 else "trials"
    return (
        f"Each is the best of {count(comparison.tuned)} {trials} of {comparison.source}, run "
        f"{count(comparison.repeats)} times on fresh seeds and splits; intervals of differences "
        "hold for all pairs at once (Tukey), those of means for each by itself."
    )


def _table(comparison: Comparison) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(comparison.by, overflow="fold")
    arrow = "↑" if comparison.maximize else "↓"
    table.add_column(f"{comparison.metric} {arrow}", justify="right", no_wrap=True)
    table.add_column("95 %", justify="right", no_wrap=True)
    table.add_column("repeats", justify="right")
    table.add_column("configuration", overflow="fold", style="dim")
    for arm in comparison.arms:
        table.add_row(arm.name, *_figures(arm, comparison), arm.label)
    return table


def _figures(arm: ArmResult, comparison: Comparison) -> tuple[str, str, str]:
    name, mean = comparison.metric, arm.mean
    bounds = NOTHING
    if mean.low is not None and mean.high is not None:
        bounds = f"{metric(name, mean.low)} to {metric(name, mean.high)}"
    runs = str(mean.repeats)
    if mean.repeats < comparison.repeats:
        runs += f" of {comparison.repeats}"
    return metric(name, mean.mean), bounds, runs
