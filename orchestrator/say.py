"""How long steps tell a person what they are at: a function that takes a line."""

from __future__ import annotations

from collections.abc import Callable

from trainables.reports import Progress

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing."""
    del line


def in_words(progress: Progress) -> str:
    """`range test 40/100 steps`."""
    if not progress.total:
        return progress.stage
    return f"{progress.stage} {progress.done:,}/{progress.total:,} {progress.unit}"
