"""Trials that failed, as a sampler sees them: worse than any that did not.

Optuna's samplers look at FAIL trials not at all, so a region where every trial raises is drawn from
again and again: nothing speaks against it, and it looks the better for the good trials at its edge.
Infeasible and diverged trials are told PRUNED, which only TPE looks at, and there those that came
far before they diverged rank first. In the study they all stay what they are; what a sampler is
shown instead is in its `SamplerKind.failures`.

A lost trial is none of these: its driver or its worker failed, and another trial stands for it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence

import numpy as np
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

FAILURE = "failure"  # in the `end` of a trial that failed: which of `messages.Failure`
_CONSTRAINT = "constraints:"  # Optuna's own prefix of a constraint's system attribute
_BROKEN = f"{_CONSTRAINT}it failed"

ShowFailures = Callable[[Sequence[FrozenTrial], Sequence[StudyDirection]], list[FrozenTrial]]
"""What a sampler is shown instead of the trials of a study with these directions, by number."""


def has_failed(trial: FrozenTrial) -> bool:
    """Whether it ended for a fault of its own: the point that it tried did not work."""
    if trial.state == TrialState.PRUNED:
        return FAILURE in trial.user_attrs.get("end", {})
    if trial.state == TrialState.FAIL:
        return bool(trial.user_attrs.get("end", {}).get("state") == "failed")
    return False


def as_infeasible(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """PRUNED, without values, and further beyond a constraint than any other trial can be."""
    del directions
    return [_infeasible(trial) if has_failed(trial) else trial for trial in trials]


def is_shown_infeasible(trial: FrozenTrial) -> bool:
    """Whether `as_infeasible` made it."""
    return _BROKEN in trial.system_attrs


def as_worst(
    trials: Sequence[FrozenTrial], directions: Sequence[StudyDirection]
) -> list[FrozenTrial]:
    """COMPLETE, with the worst value of each objective and constraint among those that are.

    Left as it is while none is, and where it lacks a parameter that all of those have (its space
    said no before it was drawn): a sampler would take that parameter for one of a branch.
    """
    done = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not done:
        return list(trials)
    signs_M = np.array([1.0 if d == StudyDirection.MINIMIZE else -1.0 for d in directions])
    worst_M = signs_M * (signs_M * np.array([trial.values for trial in done])).max(axis=0)
    constraints = _worst_constraints(done)
    shared = set.intersection(*(set(trial.params) for trial in done))

    def shown(trial: FrozenTrial) -> FrozenTrial:
        if not has_failed(trial) or not shared <= trial.params.keys():
            return trial
        made = _changed(trial, TrialState.COMPLETE, constraints)
        made.values = worst_M.tolist()
        return made

    return [shown(trial) for trial in trials]


def _infeasible(trial: FrozenTrial) -> FrozenTrial:
    return _changed(trial, TrialState.PRUNED, {_BROKEN: math.inf})


def _worst_constraints(done: Sequence[FrozenTrial]) -> dict[str, float]:
    names = dict.fromkeys(name for trial in done for name in trial.constraints)
    return {
        f"{_CONSTRAINT}{name}": max(trial.constraints.get(name, -math.inf) for trial in done)
        for name in names
    }


def _changed(trial: FrozenTrial, state: TrialState, constraints: dict[str, float]) -> FrozenTrial:
    made = copy.copy(trial)
    made.state, made.values, made.intermediate_values = state, None, {}
    made.system_attrs = {**trial.system_attrs, **constraints}
    return made
