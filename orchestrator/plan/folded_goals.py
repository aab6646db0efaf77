"""Goals that a search without images set aside cannot have."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.study.spec import ConditionSpec, ObjectiveSpec
from search_spaces.errors import UsageError
from trainables.attacks.figures import is_under_attack, is_under_corruption
from trainables.folds import SPLIT, parse_validation


def check_goals(goals: Iterable[ObjectiveSpec | ConditionSpec], validation: str) -> None:
    """Lets goals pass that trials validated so will have.

    Raises:
        UsageError: a figure of attacked or corrupted images beside k-fold cross-validation.
    """
    if parse_validation(validation) is None:
        return
    for goal in goals:
        if is_under_attack(goal.metric) or is_under_corruption(goal.metric):
            rule = f"{goal.metric} is measured on images that are set aside, and"
            hint = f"Leave it out, or add: --validation {SPLIT}"
            raise UsageError(f"{rule} validation={validation} sets none aside.", hint=hint)
