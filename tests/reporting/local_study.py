"""A study run in this process, without Ray and without MLflow: what a report is made from."""

from __future__ import annotations

from typing import Any

from orchestrator import SearchResult, load_study
from orchestrator.plan.build import plan_search
from orchestrator.request import SearchRequest
from orchestrator.run.local import run_locally
from orchestrator.session import make_board, make_conductor
from orchestrator.stop import StopRequest
from orchestrator.study import store
from orchestrator.study.context import study_context
from orchestrator.study.filling import fill
from orchestrator.study.sampling import sampler_of


def run_study(**asked: Any) -> SearchResult:
    """Plan it, run all its trials, and read it back; the arguments are those of a request."""
    plan = plan_search(SearchRequest(**{"local": True, "cpus_per_trial": 1.0, **asked}))
    storage = store.open_storage(plan.storage)
    context = study_context(plan.spec)
    fill(store.create_study(storage, plan.spec), plan.spec, plan.space, context)
    study = store.load_study(storage, plan.spec.name, sampler_of(plan.spec, plan.space, context))
    conductor = make_conductor(plan, plan.spec, study, make_board(plan), StopRequest())
    run_locally(conductor)
    return load_study(plan.spec.name)
