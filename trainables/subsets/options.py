"""`margin:start=750,batch=50`: a strategy and its options, as people type them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from search_spaces.errors import UnknownNameError, UsageError
from trainables.subsets.kind import Option, SubsetStrategy, Value


@dataclass(frozen=True)
class SubsetSpec:
    """A strategy with all its options resolved."""

    strategy: SubsetStrategy
    options: Mapping[str, Value]

    def __str__(self) -> str:
        """As it is typed; options at their defaults are left out."""
        return as_typed(self.strategy.name, self.strategy.options, self.options)


def as_typed(name: str, known: Sequence[Option], values: Mapping[str, Value]) -> str:
    """`NAME:option=value,...` without what is at its default."""
    given = [
        f"{option.name}={_text(values[option.name])}"
        for option in known
        if values[option.name] != option.default
    ]
    return f"{name}:{','.join(given)}" if given else name


def read_options(kind: str, name: str, options: Sequence[Option], text: str) -> dict[str, Value]:
    """All options of the `kind` of thing called `name`: those in `text`, the others by default.

    Args:
        kind: in the words of an error message (`"subset strategy"`).
        text: `start=750,batch=50`.

    Raises:
        UsageError: an option it does not have, one twice, or a value out of range.
    """
    known = {option.name: option for option in options}
    given: dict[str, Value] = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            rule = f"An option of {name} is written NAME=VALUE."
            raise UsageError(rule, got=part, hint=f"It has {_listed(options)}.")
        if key not in known:
            raise UnknownNameError(f"option of the {kind} {name}", key, known)
        if key in given:
            raise UsageError(f"{key} must be given once.", got=text)
        given[key] = _read(known[key], value)
    return {option.name: given.get(option.name, option.default) for option in options}


def _read(option: Option, text: str) -> Value:
    rule = f"{option.name} must be {option.range}."
    default = f"It is {_text(option.default)} by default."
    if option.choices:
        if text not in option.choices:
            raise UsageError(rule, got=text, hint=default)
        return text
    try:
        value = float(text)
    except ValueError:
        raise UsageError(rule, got=text, hint=default) from None
    if not math.isfinite(value):
        raise UsageError(rule, got=text, hint=default)
    nearest = min(max(value, option.low), math.inf if option.high is None else option.high)
    if value != nearest:
        raise UsageError(rule, got=text, hint=f"The nearest valid value is {nearest:g}.")
    return value


def _text(value: Value) -> str:
    return value if isinstance(value, str) else f"{value:.12g}"


def _listed(options: Sequence[Option]) -> str:
    each = (f"{option.name}={_text(option.default)}" for option in options)
    return ", ".join(each) or "no options"
