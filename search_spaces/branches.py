"""Runs a define-by-run space without a study, once for each combination of its choices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import InfeasibleTrial, UsageError
from search_spaces.fixing import FixingTrial
from search_spaces.parameter import Parameter
from search_spaces.space import Params, Space, SpaceContext

_MOST_RUNS = 2_000  # a space with more branches than this is described by these


@dataclass(frozen=True)
class Branch:
    """One combination of a space's choices.

    Args:
        met: every parameter that the space asked for, with the value that it was given.
        overrides: what the space made of them; nothing where it refuses this point.
    """

    met: Params
    overrides: Params


def branches(
    space: Space,
    context: SpaceContext,
    *,
    fixed: Params | None = None,
    highest: bool = False,
    seen: dict[str, Parameter] | None = None,
) -> Iterator[Branch]:
    """Every combination of choices (2,000 of them at most), numbers at one end of their ranges.

    Args:
        fixed: names that are not asked for, with their values.
        highest: numbers at the upper end.
        seen: is filled with the parameters that were asked for.

    Raises:
        UsageError: a range is upside down, empty, or given twice in different ways.
    """
    path: list[int] | None = []
    seen = {} if seen is None else seen
    for _ in range(_MOST_RUNS):
        if path is None:
            return
        probe = _Probe(path, seen, highest=highest)
        overrides: Params = {}
        with suppress(InfeasibleTrial):  # its parameters count all the same
            overrides = space.suggest(FixingTrial(probe, fixed or {}), context)
        yield Branch(probe.met, overrides)
        path = _next_path(path, probe.widths)


class _Probe:
    """A trial that walks through every combination of categorical choices, one a run."""

    def __init__(
        self, path: list[int], seen: dict[str, Parameter], *, highest: bool = False
    ) -> None:
        self.path, self.seen, self.highest = path, seen, highest
        self.widths: list[int] = []
        self.met: dict[str, Any] = {}

    def _note(self, parameter: Parameter) -> None:
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
        self.met[name] = choices[self.path[depth] if depth < len(self.path) else 0]
        return self.met[name]

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        del step
        _check_range(name, low, high, log=log)
        self._note(Parameter(name, low=low, high=high, log=log))
        self.met[name] = high if self.highest else low
        return high if self.highest else low

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        del step
        _check_range(name, low, high, log=log)
        self._note(Parameter(name, low=low, high=high, log=log, integer=True))
        self.met[name] = high if self.highest else low
        return high if self.highest else low


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
