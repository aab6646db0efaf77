"""Runs a plan as `--local` does, without MLflow: what a space's trials come to."""

from __future__ import annotations

from optuna.trial import FrozenTrial

from orchestrator.plan.build import plan_search
from orchestrator.request import SearchRequest
from orchestrator.run.local import run_locally
from orchestrator.session import make_board, make_conductor
from orchestrator.stop import StopRequest
from orchestrator.study.context import study_context
from orchestrator.study.filling import fill
from orchestrator.study.sampling import sampler_of
from orchestrator.study.store import create_study, load_study, open_storage


def trials_of(request: SearchRequest) -> list[FrozenTrial]:
    """Plan, run all trials in this process, and return them as the study holds them."""
    plan = plan_search(request)
    storage = open_storage(plan.storage)
    context = study_context(plan.spec)
    fill(create_study(storage, plan.spec), plan.spec, plan.space, context)
    study = load_study(storage, plan.spec.name, sampler_of(plan.spec, plan.space, context))
    conductor = make_conductor(plan, plan.spec, study, make_board(plan), StopRequest())
    run_locally(conductor)
    return study.get_trials(deepcopy=False)
