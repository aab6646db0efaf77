"""`Parameter`: one parameter of a space, and its range in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


def field_of(name: str) -> str:
    """The field of the trial's config that a parameter sets: `lr` of `lr`, and of `lr.head`.

    A parameter has one range in the whole space. Where two branches want ranges of their own for
    the same field, each has a parameter of its own, named FIELD.BRANCH.
    """
    return name.partition(".")[0]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a space.

    Args:
        choices: for a categorical, else None.
        low, high, log, integer: for a number.
        conditional: some branches of the space do without it.
    """

    name: str
    choices: tuple[Any, ...] | None = None
    low: float = math.nan
    high: float = math.nan
    log: bool = False
    integer: bool = False
    conditional: bool = False

    @property
    def range(self) -> str:
        """In words, such as `0.0001 to 0.1, log` or `16 | 32`."""
        if self.choices is not None:
            return " | ".join(str(choice) for choice in self.choices)
        return f"{self.low:g} to {self.high:g}" + (", log" if self.log else "")

    def contains(self, value: Any) -> bool:
        """Whether a study could hold `value` for this parameter."""
        if self.choices is not None:
            return value in self.choices
        return isinstance(value, int | float) and self.low <= value <= self.high
