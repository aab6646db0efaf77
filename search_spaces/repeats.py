"""Each of several configurations again, on fresh seeds and splits: what `compare` runs.

Its points are all there is: every arm in every repeat, each once. Arms of one repeat share its
split and its seed, so that their differences are paired.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from search_spaces.space import Params, Space, SpaceContext, TrialLike


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """The arm's configuration, with seeds that no trial of its search had."""
    arm = trial.suggest_categorical("arm", tuple(context.arms))
    repeat = trial.suggest_int("repeat", 0, context.repeats - 1)
    seed = context.first_seed + repeat
    return {**context.arms[arm], "seed": seed, "split_seed": seed}


def baselines(context: SpaceContext) -> list[dict[str, Any]]:
    """All points, repeat by repeat: one that is cut short has compared every arm."""
    return [
        {"arm": arm, "repeat": repeat} for repeat in range(context.repeats) for arm in context.arms
    ]


def grid(context: SpaceContext) -> Mapping[str, Sequence[Any]]:
    """The same points."""
    return {"arm": tuple(context.arms), "repeat": tuple(range(context.repeats))}


SPACE = Space(
    name="repeats",
    question="Which of these configurations is the best on fresh seeds and splits?",
    suggest=suggest,
    baselines=baselines,
    grid=grid,
)
