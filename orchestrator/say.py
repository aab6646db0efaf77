"""How long steps tell a person what they are at: a function that takes a line."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[[str], None]


def silent(line: str) -> None:
    """Say nothing."""
    del line
