"""Which finished trial is the best: constraints come first, then the first objective."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeVar

from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import feasible
from orchestrator.study.spec import ConditionSpec, StudySpec

Trial = TypeVar("Trial", bound=TrialFacts)


def ranked(trials: Iterable[Trial], spec: StudySpec) -> tuple[Trial, ...]:
    """Finished trials of this study by the first objective, best first; ties by number.

    Those that break a constraint come after all that hold them. Warm starts, answered repeats and
    trials without a finite value are left out.
    """
    objective = spec.objectives[0]
    sign = -1.0 if objective.direction == "maximize" else 1.0
    scored = [
        (not feasible(trial, spec), sign * trial.metrics[objective.metric], trial.number, trial)
        for trial in trials
        if trial.state == "finished"
        and trial.counts
        and math.isfinite(trial.metrics.get(objective.metric, math.nan))
    ]
    return tuple(entry[-1] for entry in sorted(scored, key=lambda entry: entry[:3]))


def best(trials: Iterable[Trial], spec: StudySpec) -> Trial | None:
    """The first of `ranked`, unless it breaks a constraint: then there is none."""
    first = next(iter(ranked(trials, spec)), None)
    return first if first is not None and feasible(first, spec) else None


def reaches(trial: TrialFacts, target: ConditionSpec | None) -> bool:
    """Whether a trial of this study holds the target that its search was to end at."""
    if target is None or not trial.counts or trial.state != "finished":
        return False
    return target.violation(trial.metrics.get(target.metric, math.nan)) <= 0
