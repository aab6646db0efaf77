"""What `orchestrator report` says: the answer, what to try next, and where the page is."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from rich.text import Text

from orchestrator.views.console import console_for
from orchestrator.views.numbers import count

if TYPE_CHECKING:
    from orchestrator.reporting.report import StudyReport

_MOST_STEPS = 3


def print_report(report: StudyReport, stream: IO[str]) -> None:
    """The answer's sentences, the most pressing next steps, and the files."""
    console = console_for(stream)
    first, *others = report.answer
    console.print(Text(first, style="bold"))
    if others:
        console.print(Text(" ".join(others)))
    for step in report.next_steps[:_MOST_STEPS]:
        console.print(Text(f"  next: {step.what}", style="dim"))
    for path in report.files[:2]:
        console.print(Text(str(path)), soft_wrap=True)
    pictures = len(report.files) - 2
    if pictures:
        console.print(Text(f"{count(pictures)} pictures beside them.", style="dim"))
    if report.unsent:
        console.print(Text(f"Not sent to MLflow: {report.unsent}", style="yellow"))
