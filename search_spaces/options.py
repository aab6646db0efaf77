"""`NAME:option=value,option=value`, as people type a strategy, an attack or a pruner.

One reader for all of them, in the lowest room. Values are numbers, words among choices, or true and
false.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UnknownNameError, UsageError

Value = float | str
"""Of an option that is a number or a word."""

_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True)
class Option:
    """One option of a thing that is chosen by name.

    Args:
        default: what it is when nobody says; None where that follows from something else.
        sentence: what it does, in one, with its unit.
        low, high: the least and the greatest value of a number; None where there is no limit.
        whole: whether a number must be a whole one.
        choices: the words there are, of an option that is no number.
    """

    name: str
    default: Any
    sentence: str
    low: float | None = 0
    high: float | None = None
    whole: bool = False
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
        return f"{kind}{low} {'up' if self.high is None else f'to {self.high:g}'}"

    def read(self, text: str) -> Any:
        """The value that a person typed.

        Raises:
            UsageError: not a value of this option; names the nearest one.
        """
        if isinstance(self.default, bool):
            return self.check(_BOOLEANS.get(text.lower(), text))
        if self.choices:
            return self.check(text)
        try:
            value = float(text)
        except ValueError:
            return self.check(text)
        return self.check(int(value) if self.whole and value.is_integer() else value)

    def check(self, value: Any) -> Any:
        """`value` as it is.

        Raises:
            UsageError: not a value of this option; names the nearest one.
        """
        if self._allows(value):
            return value
        if self.choices:
            raise UnknownNameError(self.name, str(value), self.choices, hint=self._by_default)
        near = _is_number(value) and math.isfinite(value) and not isinstance(self.default, bool)
        hint = f"The nearest valid value is {self._nearest(value):g}." if near else self._by_default
        raise UsageError(f"{self.name} must be {self.range}.", got=value, hint=hint)

    def _allows(self, value: Any) -> bool:
        if value is None:
            return self.default is None
        if isinstance(self.default, bool):
            return isinstance(value, bool)
        if self.choices:
            return value in self.choices
        return _is_number(value) and math.isfinite(value) and value == self._nearest(value)

    def _nearest(self, value: float) -> float:
        """Of a finite value."""
        low = -math.inf if self.low is None else self.low
        nearest = min(max(value, low), math.inf if self.high is None else self.high)
        return round(nearest) if self.whole else nearest

    @property
    def _by_default(self) -> str:
        return "" if self.default is None else f"It is {_text(self.default)} by default."


def split_name(text: str) -> tuple[str, str]:
    """`margin` and `start=750,batch=50` of `margin:start=750,batch=50`."""
    name, _, options = text.partition(":")
    return name.strip(), options.strip()


def read_options(owner: str, options: Iterable[Option], text: str) -> dict[str, Any]:
    """The options that `text` (`start=750,batch=50`) gives, and no others.

    Args:
        owner: what has the options, in the words of an error message (`"pruner asha"`).

    Raises:
        UsageError: an option it does not have, one twice, or a value out of range.
    """
    known = {option.name: option for option in options}
    given: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            rule = f"An option of the {owner} is written NAME=VALUE."
            raise UsageError(rule, got=part, hint=f"It has {_listed(known)}.")
        if name not in known:
            raise UnknownNameError(f"option of the {owner}", name, known)
        if name in given:
            raise UsageError(f"{name} must be given once.", got=text)
        given[name] = known[name].read(value)
    return given


def with_defaults(options: Iterable[Option], given: Mapping[str, Any]) -> dict[str, Any]:
    """All options by name: those given, the others by default."""
    return {option.name: given.get(option.name, option.default) for option in options}


def as_typed(name: str, options: Sequence[Option], values: Mapping[str, Any]) -> str:
    """`NAME:option=value,...`, without what is at its default: equal for equal meaning."""
    given = [
        f"{option.name}={_text(values[option.name])}"
        for option in options
        if values.get(option.name, option.default) != option.default
    ]
    return f"{name}:{','.join(given)}" if given else name


def _listed(known: Mapping[str, Option]) -> str:
    each = (
        name if option.default is None else f"{name}={_text(option.default)}"
        for name, option in known.items()
    )
    return ", ".join(each) or "no options"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.12g}" if _is_number(value) else str(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
