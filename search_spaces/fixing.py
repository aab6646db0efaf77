"""A trial that answers with fixed values where a person has set them (`--set lr=1e-3`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from search_spaces.errors import UsageError
from search_spaces.parameter import field_of
from search_spaces.space import Params, TrialLike


class FixingTrial:
    """Wraps a trial: a fixed name is checked against its range and not asked of the sampler.

    The parameter of one branch (`lr.head`) is fixed with its field (`lr`), and taken as it is: the
    value may be meant for another branch (`exploring.check_fixed` wants it in one of them).

    Raises:
        UsageError: from a `suggest_...`, when the fixed value lies outside the range.
    """

    def __init__(self, trial: TrialLike, fixed: Params) -> None:
        self._trial = trial
        self._fixed = fixed

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """The fixed value if it is one of `choices`, else what the wrapped trial suggests."""
        if self._is_of_branch(name):
            return self._fixed[field_of(name)]
        if name not in self._fixed:
            return self._trial.suggest_categorical(name, choices)
        value = self._fixed[name]
        if value not in choices:
            listed = ", ".join(str(choice) for choice in choices)
            raise UsageError(f"{name} must be one of {listed}.", got=value)
        return value

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        """The fixed value if it is in range, else what the wrapped trial suggests."""
        if self._is_of_branch(name):
            return float(self._fixed[field_of(name)])
        if name not in self._fixed:
            return self._trial.suggest_float(name, low, high, step=step, log=log)
        return float(_within(name, self._fixed[name], low, high))

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        """The fixed value if it is in range, else what the wrapped trial suggests."""
        if self._is_of_branch(name):
            return int(self._fixed[field_of(name)])
        if name not in self._fixed:
            return self._trial.suggest_int(name, low, high, step=step, log=log)
        return int(_within(name, self._fixed[name], low, high))

    def _is_of_branch(self, name: str) -> bool:
        return name not in self._fixed and field_of(name) in self._fixed


def _within(name: str, value: float, low: float, high: float) -> float:
    if low <= value <= high:
        return value
    nearest = low if value < low else high
    rule = f"{name} must lie between {low:g} and {high:g} in this space."
    raise UsageError(rule, got=value, hint=f"The nearest valid value is {nearest:g}.")
