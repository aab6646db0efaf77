"""What a learning rate range test found, as a table; and how far it is meanwhile."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.text import Text

from orchestrator.lr_found import FoundLr
from orchestrator.views.console import console_for
from orchestrator.views.listings import listing
from orchestrator.views.numbers import NOTHING, duration
from trainables.lr_range.own_lr import RULE


def print_found(found: FoundLr, picture: Path, curve: Path | None) -> None:
    """What was tested, each rule's suggestion with its reason, and what to do next."""
    console = console_for(sys.stdout)
    console.print(Text(found.title, style="bold"))
    console.print(Text(f"{found.subtitle}\n{_sweep(found)}"))
    console.print()
    table = listing("rule", "learning rate>", "why")
    for each in found.suggestions:
        name = f"{each.name} (default)" if each.name == RULE else each.name
        style = "green" if each.name == RULE and each.lr is not None else ""
        table.add_row(Text(name, style=style), Text(rate(each.lr), style=style), each.reason)
    console.print(table)
    for stopped in dict.fromkeys(one.stopped for one in found.test.ranges if one.stopped):
        console.print(Text(f"Ended early: {stopped}.", style="dim"))
    console.print()
    written = f"{picture} and {curve}" if curve else f"{picture}"
    console.print(Text(f"Picture: {written}"))
    console.print(Text(_next(found)))


def rate(lr: float | None) -> str:
    """Two digits, such as `0.0012`: a range test knows no more; fit for `--set lr=`."""
    return NOTHING if lr is None else f"{lr:.2g}"


def _sweep(found: FoundLr) -> str:
    span, seeds = found.span, len(found.test.ranges)
    several = f" of each of {seeds} seeds" if seeds > 1 else ""
    ends = f"from {span.lr_min:g} to {span.lr_max:g}"
    return f"{span.steps:,} steps{several} {ends}, {duration(found.seconds)}"


def _next(found: FoundLr) -> str:
    if found.lr is None:
        return "Next: more steps, another range (--lr-min, --lr-max), or another optimiser."
    own = "or --set lr_factor=1, for each backbone its own"
    return f"Next: search with --set lr={rate(found.lr)}; {own}"
