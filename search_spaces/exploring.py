"""Finds out a define-by-run space's parameters by running it, without a study."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UsageError
from search_spaces.space import Params, Space, SpaceContext

_MOST_RUNS = 2_000  # a space with more branches than this is described by these


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


class _Probe:
    """A trial that walks through every combination of categorical choices, one a run."""

    def __init__(self, path: list[int], seen: dict[str, Parameter]) -> None:
        self.path, self.seen = path, seen
        self.widths: list[int] = []
        self.met: set[str] = set()

    def _note(self, parameter: Parameter) -> None:
        self.met.add(parameter.name)
        known = self.seen.setdefault(parameter.name, parameter)
        if known != parameter:
            raise UsageError(
                f"A parameter must have one range in the whole space; {parameter.name} has two.",
                got=f"{known.range} and {parameter.range}",
                hint="Give the second one a name of its own.",
            )

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        if not choices:
            raise UsageError(f"{name} needs at least one choice.", got=list(choices))
        self._note(Parameter(name, choices=tuple(choices)))
        depth = len(self.widths)
        self.widths.append(len(choices))
        return choices[self.path[depth] if depth < len(self.path) else 0]

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        del step
        _check_range(name, low, high, log=log)
        self._note(Parameter(name, low=low, high=high, log=log))
        return low

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        del step
        _check_range(name, low, high, log=log)
        self._note(Parameter(name, low=low, high=high, log=log, integer=True))
        return low


def parameters(space: Space, context: SpaceContext) -> dict[str, Parameter]:
    """Every parameter of `space` in this context, in the order of its first use.

    Raises:
        UsageError: a range is upside down, empty, or given twice in different ways.
    """
    seen: dict[str, Parameter] = {}
    runs: list[set[str]] = []
    path: list[int] | None = []
    while path is not None and len(runs) < _MOST_RUNS:
        probe = _Probe(path, seen)
        space.suggest(probe, context)
        runs.append(probe.met)
        path = _next_path(path, probe.widths)
    always = set.intersection(*runs)
    return {
        name: parameter if name in always else Parameter(**{**vars(parameter), "conditional": True})
        for name, parameter in seen.items()
    }


def check_params(known: dict[str, Parameter], params: Params) -> None:
    """Check a baseline or `--try` point against the space.

    Raises:
        UsageError: a name that the space does not have, or a value outside its range.
    """
    for name, value in params.items():
        if name not in known:
            raise UsageError(f"This space has no parameter {name!r}; it has {', '.join(known)}.")
        if not known[name].contains(value):
            raise UsageError(f"{name} must be {known[name].range} in this space.", got=value)


def _next_path(path: list[int], widths: list[int]) -> list[int] | None:
    """The next combination of choices, counting like an odometer; None after the last."""
    digits = path + [0] * (len(widths) - len(path))
    for place in range(len(widths) - 1, -1, -1):
        if digits[place] + 1 < widths[place]:
            return [*digits[:place], digits[place] + 1]
    return None


def _check_range(name: str, low: float, high: float, *, log: bool) -> None:
    if not low <= high:
        rule = f"The range of {name} must go from low to high."
        raise UsageError(rule, got=(low, high), hint=f"Did you mean {high:g} to {low:g}?")
    if log and low <= 0:
        raise UsageError(f"The range of {name} is logarithmic, so it must start above 0.", got=low)
