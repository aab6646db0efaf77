"""Lists and numbers of things, as sentences have them."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.views.numbers import count


def listed(names: Sequence[str]) -> str:
    """`a, b and c`.

    Raises:
        ValueError: there are none.
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def some_trials(number: int) -> str:
    """`1 trial`, `2,000 trials`."""
    return f"{count(number)} trial{'' if number == 1 else 's'}"
