"""Signs of life of one long step: a line that moves on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.text import Text

from orchestrator.say import in_words
from orchestrator.views.console import console_for
from trainables.driving import drive
from trainables.reports import Progress

Result = TypeVar("Result")


def watched(step: Generator[Progress, None, Result]) -> Result:
    """Runs it to its end and says on stderr how far it is."""
    with _showing() as show:
        return drive(step, show)


@contextmanager
def _showing() -> Iterator[Callable[[Progress], None]]:
    console = console_for(sys.stderr)
    if console.is_terminal:
        with console.status("") as status:
            yield lambda progress: status.update(in_words(progress))
        return
    said = ""

    def show(progress: Progress) -> None:
        nonlocal said
        if progress.stage != said:
            said = progress.stage
            console.print(Text(f"{said} ..."))

    yield show
