"""`orchestrator resume STUDY`: go on with a search that was stopped, or whose driver died."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.options import (
    Address,
    AddTrials,
    Concurrency,
    CpusPerTrial,
    DryRun,
    GpusPerTrial,
    Json,
    Local,
    MaxFailures,
    OnBudget,
    RetryFailed,
    Storage,
    Target,
    TimeBudget,
    Trials,
    Try,
)
from orchestrator.cli.quantities import seconds, several
from orchestrator.request import SearchRequest

Study = Annotated[str, typer.Argument(metavar="STUDY", help="A name of `orchestrator list`.")]


def resume(
    study: Study,
    trials: Trials = None,
    add_trials: AddTrials = None,
    retry_failed: RetryFailed = False,
    tries: Try = None,
    time_budget: TimeBudget = None,
    target: Target = None,
    max_failures: MaxFailures = None,
    on_budget: OnBudget = None,
    cpus_per_trial: CpusPerTrial = None,
    gpus_per_trial: GpusPerTrial = None,
    concurrency: Concurrency = None,
    address: Address = None,
    local: Local = False,
    storage: Storage = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Go on with a study: what it finished stays, its choices stay, only budgets may change."""
    budget = seconds(time_budget)

    from orchestrator.cli.searching import plan_and_run
    from orchestrator.cli.study_facts import space_of, trainable_of

    request = SearchRequest(
        space=space_of(study, storage),
        trainable=trainable_of(study, storage),
        trials=trials,
        add_trials=add_trials,
        retry_failed=retry_failed,
        tries=several(tries),
        time_budget=budget,
        target=target,
        max_failures=max_failures,
        on_budget=on_budget,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
        storage=storage,
        study=study,
    )
    plan_and_run(request, dry_run=dry_run, as_json=as_json)
