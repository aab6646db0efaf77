"""The Pareto front: trials that no other trial beats in every objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.study.facts import TrialFacts
    from orchestrator.study.spec import StudySpec


def pareto_front(trials: Sequence[TrialFacts], spec: StudySpec) -> tuple[int, ...]:
    """Numbers of the finished, feasible trials that none of the others dominates, ascending.

    Of trials with the same values none dominates another, so all of them are in it. Answered
    duplicates are left out; the trials of a warm start are known results like any other.
    """
    return front_of([trial for trial in scored(trials, spec) if feasible(trial, spec)], spec)


def front_of(trials: Sequence[TrialFacts], spec: StudySpec) -> tuple[int, ...]:
    """The front of trials that all count, whether they hold the constraints or not."""
    gains = {trial.number: gain(trial, spec) for trial in trials}
    # Whoever dominates a trial sorts before it, and is in the front or dominated by one in it.
    front: list[int] = []
    for number in sorted(gains, key=lambda each: gains[each], reverse=True):
        if not any(dominates(gains[other], gains[number]) for other in front):
            front.append(number)
    return tuple(sorted(front))


def scored(trials: Sequence[TrialFacts], spec: StudySpec) -> tuple[TrialFacts, ...]:
    """Finished trials with a finite value of each objective, without answered duplicates."""
    return tuple(
        trial
        for trial in trials
        if trial.state == "finished"
        and not trial.repeat
        and len(trial.values) == len(spec.objectives)
        and all(math.isfinite(value) for value in trial.values)
    )


def feasible(trial: TrialFacts, spec: StudySpec) -> bool:
    """Whether all constraints hold; one whose metric the trial does not have is not held."""
    return not broken(trial, spec)


def broken(trial: TrialFacts, spec: StudySpec) -> tuple[str, ...]:
    """The constraints that the trial does not hold, in the words they were asked for in."""
    return tuple(
        str(condition)
        for condition in spec.constraints
        if not condition.violation(trial.metrics.get(condition.metric, math.nan)) <= 0
    )


def gain(trial: TrialFacts, spec: StudySpec) -> tuple[float, ...]:
    """The trial's values, turned so that more is better in each."""
    return tuple(
        value if objective.direction == "maximize" else -value
        for value, objective in zip(trial.values, spec.objectives, strict=True)
    )


def dominates(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether `one` is nowhere less than `other`, and somewhere more."""
    return one != other and all(a >= b for a, b in zip(one, other, strict=True))
