"""What is said of predictions beside the table: which model, how many, and what was not read."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.text import Text

from orchestrator.using.predictions import Predictions
from orchestrator.views.console import console_for
from orchestrator.views.numbers import count, duration

_NAMED = 20  # files that are named; all are in the table


def print_summary(found: Predictions, out: Path | None) -> None:
    """On standard error, since standard output has the table."""
    console = console_for(sys.stderr)
    for line in _lines(found, out):
        console.print(Text(line), soft_wrap=True)


def _lines(found: Predictions, out: Path | None) -> list[str]:
    number = len(found.paths)
    images = f"{count(number)} image{'' if number == 1 else 's'}"
    where = f", in {out}" if out is not None else ""
    lines = [f"{images} by {found.model} ({duration(found.seconds)}){where}"]
    if found.failed:
        lines.append(f"{count(len(found.failed))} could not be read:")
        lines += [f"  {path}: {reason}" for path, reason in found.failed[:_NAMED]]
    more = len(found.failed) - _NAMED
    return [*lines, *([f"  and {count(more)} more; the table has them all"] if more > 0 else [])]
