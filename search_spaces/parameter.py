"""`Parameter`: one parameter of a space, and its range in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any


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
