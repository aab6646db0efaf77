"""Which corruptions the trials of a study are measured under: asked for, or needed by a goal."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from orchestrator.plan.goals import parse_condition, parse_objectives
from orchestrator.request import SearchRequest
from search_spaces.errors import UsageError
from search_spaces.space import Space
from trainables.attacks.figures import is_under_corruption
from trainables.config import TrialConfig
from trainables.corruptions.choosing import (
    EVERY_CORRUPTION,
    NO_CORRUPTION,
    chosen_corruptions,
    corruptions_as_typed,
)

_MEAN = "corruption_acc"


def with_corruptions(
    asked: TrialConfig, request: SearchRequest, space: Space, named: Collection[str]
) -> TrialConfig:
    """`asked` with its corruptions in the one way of writing them.

    A goal such as `--objective val_acc,corruption_acc` turns on those that it needs: all of them
    for the mean, else those that it names.

    Args:
        named: fields that somebody has named.

    Raises:
        UsageError: no such corruption; or a goal wants one that is not to be measured.
    """
    typed, wanted = corruptions_as_typed(asked.corruptions), _wanted(request, space)
    if wanted and typed == NO_CORRUPTION and "corruptions" not in named:
        typed = EVERY_CORRUPTION if _MEAN in wanted else _names(wanted)
    known = {_MEAN, *(f"{_MEAN}_{name}" for name in chosen_corruptions(typed))}
    if typed == NO_CORRUPTION:
        known = set()
    for metric in wanted:
        if metric not in known:
            rule = f"{metric} is measured only under the corruptions that trials are given."
            hint = "Leave corruptions out, or name it: --set corruptions=all."
            raise UsageError(rule, got=f"corruptions={typed}", hint=hint)
    return asked.replace(corruptions=typed)


def _wanted(request: SearchRequest, space: Space) -> list[str]:
    """Figures under corruptions that the search is after."""
    return [metric for metric in _goals(request, space) if is_under_corruption(metric)]


def _goals(request: SearchRequest, space: Space) -> Iterable[str]:
    if request.objective is None:
        yield from (objective.metric for objective in space.objectives)
    else:
        yield from (each.metric for each in parse_objectives(request.objective, ours=True))
    for text in request.constraints:
        yield parse_condition(text, option="--constraint", ours=True).metric
    if request.target is not None:
        yield parse_condition(request.target, option="--target", ours=True).metric


def _names(wanted: Iterable[str]) -> str:
    return corruptions_as_typed(",".join(metric.removeprefix(f"{_MEAN}_") for metric in wanted))
