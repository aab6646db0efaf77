"""What a range test found: the curve, and a learning rate by each rule, with its reason.

Shapes: S steps of the sweep.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from search_spaces.errors import UnknownNameError


@dataclass(frozen=True)
class Suggestion:
    """A learning rate, or None, and why.

    Args:
        name: of the rule: steep, valley, minimum, slide.
        reason: in words for a person; of None, what was missing.
    """

    name: str
    lr: float | None
    reason: str


class Suggests(Protocol):
    """What the registry holds: a rule, asked with the part of the curve that can be trusted.

    Args:
        lrs_S: learning rates, ascending, evenly spaced in their logarithm.
        losses_S: smoothed and finite.
    """

    def __call__(self, lrs_S: np.ndarray, losses_S: np.ndarray, /) -> tuple[float | None, str]: ...


@dataclass(frozen=True)
class LrRange:
    """One sweep.

    Args:
        lrs_S: learning rate of each step that was made.
        losses_S: training loss of each step's batch before the step; NaN and infinity included.
        smoothed_S: the smoothed curve; NaN from the step on at which it diverged.
        suggestions: one of each rule that was asked.
        stopped: why the sweep ended before its last step; empty if it did not.
    """

    lrs_S: tuple[float, ...]
    losses_S: tuple[float, ...]
    smoothed_S: tuple[float, ...]
    suggestions: tuple[Suggestion, ...] = ()
    stopped: str = ""

    def suggestion(self, name: str) -> Suggestion:
        """The suggestion of one rule.

        Raises:
            UnknownNameError: the rule was not asked.
        """
        return find_suggestion(self.suggestions, name)

    def to_json(self) -> dict[str, Any]:
        """For `json.dumps`, with null for what is not finite."""
        return {
            "lrs": list(self.lrs_S),
            "losses": [_finite(loss) for loss in self.losses_S],
            "smoothed": [_finite(loss) for loss in self.smoothed_S],
            "suggestions": [
                {"name": s.name, "lr": s.lr, "reason": s.reason} for s in self.suggestions
            ],
            "stopped": self.stopped,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> LrRange:
        """What `to_json` gave; infinite losses come back as NaN.

        Raises:
            KeyError, TypeError, ValueError: it is no such value.
        """
        return cls(
            tuple(float(lr) for lr in value["lrs"]),
            tuple(_number(loss) for loss in value["losses"]),
            tuple(_number(loss) for loss in value["smoothed"]),
            tuple(Suggestion(s["name"], s["lr"], s["reason"]) for s in value["suggestions"]),
            str(value["stopped"]),
        )


def find_suggestion(suggestions: Sequence[Suggestion], name: str) -> Suggestion:
    """The one called `name`.

    Raises:
        UnknownNameError: there is none.
    """
    for suggestion in suggestions:
        if suggestion.name == name:
            return suggestion
    raise UnknownNameError("suggestion in this range test", name, [s.name for s in suggestions])


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _number(value: float | None) -> float:
    return math.nan if value is None else float(value)
