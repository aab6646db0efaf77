"""What the doctor found, line by line while it looks, and one line at the end."""

from __future__ import annotations

import sys

from rich.table import Table
from rich.text import Text

from orchestrator.doctor.finding import Examination, Examined, Finding
from orchestrator.views.console import console_for

_STYLES = {"fine": "green", "note": "yellow", "stop": "bold red"}
_SUBJECT, _LEVEL = 18, 5  # columns


class ExaminationView:
    """Prints each check as it ends: a hanging server shows where the others stood."""

    def __init__(self) -> None:
        self._console = console_for(sys.stdout)

    def show(self, examined: Examined) -> None:
        """The lines of one check."""
        for finding in examined.findings:
            self._console.print(_row(finding))

    def end(self, found: Examination) -> None:
        """Whether a search can run."""
        self._console.print()
        self._console.print(Text(in_a_line(found), style="bold"))


def in_a_line(found: Examination) -> str:
    """`A search can run here. 2 notes.`, or what would stop it."""
    notes = sum(finding.level == "note" for finding in found.findings)
    also = f" {notes} note{'s' if notes > 1 else ''}." if notes else ""
    if not found.stopping:
        return f"A search can run here.{also}"
    subjects = ", ".join(dict.fromkeys(finding.subject for finding in found.stopping))
    return f"A search cannot run here before this is mended: {subjects}.{also}"


def _row(finding: Finding) -> Table:
    """Subject, level, words; what to do on a line of its own below."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=_SUBJECT, no_wrap=True)
    table.add_column(width=_LEVEL, no_wrap=True)
    table.add_column(overflow="fold")
    level = Text(finding.level, style=_STYLES[finding.level])
    table.add_row(Text(finding.subject, style="bold"), level, Text(finding.says))
    if finding.do:
        table.add_row("", "", Text(f"do: {finding.do}", style="cyan"))
    return table
