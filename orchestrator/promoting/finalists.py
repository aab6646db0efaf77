"""Which trials of a study are trained again: its best few, or the one that is named."""

from __future__ import annotations

import math
from collections.abc import Sequence

from orchestrator.evaluating.choice import chosen_trial
from orchestrator.promoting.request import PromoteRequest
from orchestrator.results import TrialResult
from orchestrator.study.pareto import feasible, pareto_front
from orchestrator.study.ranking import ranked
from orchestrator.study.spec import StudySpec
from orchestrator.views.numbers import percent
from search_spaces.errors import OrchestratorError

ROBUST = "robust_score"


class NoFinalist(OrchestratorError):
    """No trial can pass the gates: a refusal before anything is trained."""


def choose_finalists(
    trials: tuple[TrialResult, ...], spec: StudySpec, request: PromoteRequest
) -> dict[str, TrialResult]:
    """The trials by the name of their arm, best first.

    Of a study with several objectives they are points of its Pareto front. A trial whose robust
    score in the search is below `min_robust` is left out: the attack of a search is no stronger
    than that of a promotion, so it would not reach the bound there.

    Raises:
        UsageError: the trial that was named is not there, or not finished.
        NoFinalist: no trial is left.
    """
    if request.trial is not None:
        chosen = [chosen_trial(trials, spec, request.trial)]
    else:
        chosen = _best(trials, spec, request)
    return {f"trial {trial.number}": trial for trial in chosen}


def _best(
    trials: tuple[TrialResult, ...], spec: StudySpec, request: PromoteRequest
) -> list[TrialResult]:
    known = [trial for trial in ranked(trials, spec) if feasible(trial, spec)]
    if len(spec.objectives) > 1:
        front = set(pareto_front(trials, spec))
        known = [trial for trial in known if trial.number in front]
    if not known:
        raise NoFinalist(f"{spec.name} has no finished trial that holds all constraints.")
    if request.min_robust is not None:
        known = _robust(known, spec, request.min_robust)
    return _distinct(known)[: request.finalists]


def _robust(known: list[TrialResult], spec: StudySpec, least: float) -> list[TrialResult]:
    scores = {trial.number: trial.metrics.get(ROBUST, math.nan) for trial in known}
    if all(math.isnan(score) for score in scores.values()):
        return known  # its trials were not attacked: the test will tell
    kept = [trial for trial in known if scores[trial.number] >= least]
    if not kept:
        most = max(known, key=lambda trial: _or_less(scores[trial.number]))
        raise NoFinalist(
            f"Refused: no trial of {spec.name} reaches a robust score of {percent(least)} % even "
            f"under the search's own attack; the best is trial {most.number} with "
            f"{percent(scores[most.number])} %. Nothing was trained, and no test image was seen."
        )
    return kept


def _distinct(trials: Sequence[TrialResult]) -> list[TrialResult]:
    """Without trials that differ in their seed alone: they are one configuration."""
    kept: dict[str, TrialResult] = {}
    for trial in trials:
        fields = {k: v for k, v in trial.config.items() if k not in ("seed", "split_seed")}
        kept.setdefault(repr(sorted(fields.items())), trial)
    return list(kept.values())


def _or_less(score: float) -> float:
    return -math.inf if math.isnan(score) else score
