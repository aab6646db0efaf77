"""The console that views print to: honours NO_COLOR and the width of whatever reads it."""

from __future__ import annotations

import io
import re
import shutil
from typing import IO, cast

from rich.console import Console

PIPED_WIDTH = 160
"""Columns where there is no terminal (a file, a pipe): wide enough for every table."""


def console_for(stream: IO[str]) -> Console:
    """A console on `stream`, of the terminal's width, or `COLUMNS`, or `PIPED_WIDTH`."""
    if stream.isatty():
        return Console(file=stream, highlight=False)
    width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns
    trimmed = cast("IO[str]", _Trimmed(stream))
    return Console(file=trimmed, width=width, highlight=False)


class _Trimmed(io.TextIOBase):
    """Drops the blanks with which a table fills its lines: in a file they are only noise."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        self._stream.write(re.sub(r" +(?=\n)", "", text))
        return len(text)

    def flush(self) -> None:
        self._stream.flush()
