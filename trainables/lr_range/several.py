"""The range test of several seeds, and the mean of what they suggest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import UsageError
from trainables.lr_range.value import LrRange, Suggestion, find_suggestion


@dataclass(frozen=True)
class RangeTest:
    """One sweep or several, of different seeds.

    Raises:
        UsageError: none at all, or some that were asked for other rules.
    """

    ranges: tuple[LrRange, ...]

    def __post_init__(self) -> None:
        if len({tuple(s.name for s in one.suggestions) for one in self.ranges}) != 1:
            raise UsageError("A range test has one sweep or more, with the same suggestions.")

    @property
    def suggestions(self) -> tuple[Suggestion, ...]:
        """Of each rule: of one sweep its own, of several the geometric mean over the seeds."""
        if len(self.ranges) == 1:
            return self.ranges[0].suggestions
        return tuple(
            _mean(of_seeds)
            for of_seeds in zip(*(one.suggestions for one in self.ranges), strict=True)
        )

    def suggestion(self, name: str = "steep") -> Suggestion:
        """The suggestion of one rule.

        Raises:
            UnknownNameError: the rule was not asked.
        """
        return find_suggestion(self.suggestions, name)

    def to_json(self) -> dict[str, Any]:
        """For `json.dumps`."""
        return {"ranges": [one.to_json() for one in self.ranges]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RangeTest:
        """What `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError, UsageError: it is no such value.
        """
        return cls(tuple(LrRange.from_json(one) for one in value["ranges"]))


def _mean(of_seeds: Sequence[Suggestion]) -> Suggestion:
    """A seed without a suggestion is left out and told of."""
    name, rates = of_seeds[0].name, [s.lr for s in of_seeds if s.lr is not None]
    if not rates:
        return Suggestion(name, None, f"none of {len(of_seeds)} seeds: {of_seeds[0].reason}")
    mean = math.exp(math.fsum(map(math.log, rates)) / len(rates))
    number = f"{len(rates)} of {len(of_seeds)}" if len(rates) < len(of_seeds) else f"{len(rates)}"
    spread = f"{min(rates):.2g} to {max(rates):.2g}"
    return Suggestion(name, mean, f"geometric mean of {number} seeds, {spread}")
