"""Options of an attack: declared as fields of its class, read from `pgd:steps=50,norm=l2`.

Imports no torch.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UnknownNameError, UsageError

_KEY = "option"
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Option:
    """One option of an attack.

    Args:
        default: what it is when nobody says; None where that follows from something else.
        sentence: what it does, with its unit.
        low, high: the least and the greatest value of a number; None where there is no limit.
        whole: whether a number must be a whole one.
        choices: the words there are, of an option that is no number.
    """

    default: Any
    sentence: str
    low: float | None = None
    high: float | None = None
    whole: bool = True
    choices: tuple[str, ...] = ()

    @property
    def range(self) -> str:
        """In words, such as `a whole number from 1 up`."""
        if isinstance(self.default, bool):
            return "true or false"
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        kind = "a whole number" if self.whole else "a number"
        low = "" if self.low is None else f" from {self.low:g}"
        return f"{kind}{low} " + ("up" if self.high is None else f"to {self.high:g}")

    def read(self, name: str, text: str) -> Any:
        """The value that a person typed.

        Raises:
            UsageError: not a value of this option; names the nearest one.
        """
        if isinstance(self.default, bool):
            return self.check(name, _BOOLEANS.get(text.lower(), text))
        if self.choices:
            return self.check(name, text)
        try:
            value = float(text)
        except ValueError:
            return self.check(name, text)
        return self.check(name, int(value) if self.whole and value.is_integer() else value)

    def check(self, name: str, value: Any) -> Any:
        """`value` as it is.

        Raises:
            UsageError: not a value of this option; names the nearest one.
        """
        if value is None and self.default is None:
            return value
        if isinstance(self.default, bool):
            fine = isinstance(value, bool)
        elif self.choices:
            if value not in self.choices:
                raise UnknownNameError(name, str(value), self.choices)
            fine = True
        else:
            fine = _is_number(value) and value == self._nearest(value)
        if fine:
            return value
        nearest = f"The nearest is {self._nearest(value):g}." if _is_number(value) else ""
        raise UsageError(f"{name} must be {self.range}.", got=value, hint=nearest)

    def _nearest(self, value: float) -> float:
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        nearest = min(max(value, low), high)
        if not math.isfinite(nearest):
            return low if math.isfinite(low) else 0.0
        return float(round(nearest)) if self.whole else nearest


def option(default: Any, sentence: str, **limits: Any) -> Any:
    """A dataclass field with the `Option` in its metadata; `limits` are those of `Option`."""
    found = Option(default, sentence, **limits)
    return dataclasses.field(default=default, metadata={_KEY: found})


def options_of(attack: Any) -> dict[str, Option]:
    """Options of an attack or of its class, by name, in the order of their declaration."""
    if not dataclasses.is_dataclass(attack):
        return {}
    found = {each.name: each.metadata.get(_KEY) for each in dataclasses.fields(attack)}
    return {name: each for name, each in found.items() if each is not None}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
