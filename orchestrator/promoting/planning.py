"""`plan_finalists`: the study in which the finalists are trained again, on fresh seeds and splits.

The best of many noisy scores is flattered by chance, the more so the more there are; so the best
few are run again. That is a comparison like any other (`orchestrator/comparing/`): it survives
kills, runs on Ray, and is shown in MLflow.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import optuna

from orchestrator.comparing.arms import arms_of
from orchestrator.comparing.planning import CompareRequest, check_comparable, plan_repeats
from orchestrator.plan.value import SearchPlan
from orchestrator.promoting.finalists import choose_finalists
from orchestrator.promoting.names import registered_name, repeats_name
from orchestrator.promoting.request import PromoteRequest
from orchestrator.study.reading import read_trials
from orchestrator.study.spec import FINALISTS, StudySpec
from orchestrator.study.store import load_study, newest_study, open_storage, read_spec
from orchestrator.study.uris import held_tracking_uri, storage_uri
from search_spaces.errors import UsageError


@dataclass(frozen=True, eq=False)
class FinalistsPlan:
    """What is run before anything is promoted.

    Args:
        study, spec: that was searched.
        name: of the registered model.
        repeats: run it with `run_search`.
    """

    study: optuna.Study
    spec: StudySpec
    name: str
    repeats: SearchPlan

    @property
    def tracking_uri(self) -> str:
        """With its password."""
        return self.repeats.tracking_uri


def plan_finalists(request: PromoteRequest) -> FinalistsPlan:
    """Choose the finalists, and plan their repeats; those that were begun go on.

    Raises:
        UsageError: there is no such study or trial, or its champion is of other data.
        NoFinalist: no trial can pass the gates.
        UnavailableError: a store is away.
    """
    opened = open_storage(storage_uri(request.run.storage))
    study = load_study(opened, request.study or newest_study(opened))
    spec = read_spec(study)
    _check(spec)
    name = registered_name(request.name, spec.data.name)
    uri = held_tracking_uri(spec.tracking_uri, request.run.tracking_uri)
    check_champion(spec, name, uri)
    trials = read_trials(study)
    chosen = choose_finalists(trials, spec, request)
    numbers = [trial.number for trial in chosen.values()]
    asked = CompareRequest(
        study=spec.name,
        by=FINALISTS,
        repeats=request.repeats,
        name=repeats_name(spec.name, numbers),
        run=request.run,
    )
    plan = plan_repeats(asked, spec, arms_of(chosen, trials, spec), spec.objectives[0])
    return FinalistsPlan(study, spec, name, _without_models(plan))


def check_champion(spec: StudySpec, name: str, tracking_uri: str) -> None:
    """The present champion must be of the same data: before anything is trained.

    Raises:
        UsageError: it was trained on other data, or nobody knows on which.
        UnavailableError: the store is away.
    """
    from orchestrator.promoting.champion import champion_of, check_same_data

    champion = champion_of(name, tracking_uri)
    if champion is not None:
        check_same_data(champion, spec.data)


def _check(spec: StudySpec) -> None:
    if spec.comparison is not None:
        hint = f"Promote from the study that was searched: {spec.comparison.source}."
        raise UsageError("A study of repeats is not promoted from.", got=spec.name, hint=hint)
    check_comparable(spec)


def _without_models(plan: SearchPlan) -> SearchPlan:
    """One net is logged, once it is promoted; what the study holds already stays as it is."""
    question = "Which finalist is the best on fresh seeds and splits?"
    spec = plan.spec.model_copy(update={"keep_models": 0, "space_question": question})
    return replace(plan, spec=spec)
