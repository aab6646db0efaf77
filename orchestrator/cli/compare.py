"""`orchestrator compare STUDY --by NAME`: which is better, by how much, and can it be said?"""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import (
    SEARCH,
    Address,
    AnyStudy,
    Concurrency,
    CpusPerTrial,
    DryRun,
    GpusPerTrial,
    Json,
    Local,
    Storage,
    TimeBudget,
    option,
)
from orchestrator.cli.quantities import seconds

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.comparing.planning import CompareRequest
    from orchestrator.plan.value import SearchPlan
    from orchestrator.results import SearchResult
    from orchestrator.stop import StopRequest

By = Annotated[
    str,
    option("--by", "NAME", SEARCH, "A parameter of the study with a few values.", "backbone"),
]
Tune = Annotated[
    int | None,
    option(
        "--tune",
        "N",
        SEARCH,
        "Trials that the best of each is chosen from; the search goes on until there are so many.",
        "as many as the least tried has",
        min=1,
    ),
]
Repeats = Annotated[
    int,
    option("--repeats", "N", SEARCH, "Runs of each, on fresh seeds and splits.", "5", min=1),
]
Metric = Annotated[
    str | None,
    option(
        "--metric",
        "NAME",
        SEARCH,
        "What is compared; -NAME where less is better.",
        "the study's first objective",
    ),
]
Name = Annotated[
    str | None,
    option("--name", "NAME", SEARCH, "Of the study that holds the repeats.", "STUDY-by-NAME"),
]


def compare(
    study: AnyStudy = None,
    by: By = "backbone",
    tune: Tune = None,
    repeats: Repeats = 5,
    metric: Metric = None,
    name: Name = None,
    time_budget: TimeBudget = None,
    cpus_per_trial: CpusPerTrial = None,
    gpus_per_trial: GpusPerTrial = None,
    concurrency: Concurrency = None,
    address: Address = None,
    local: Local = False,
    storage: Storage = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run the best of each again, on fresh seeds and splits, and say which is better by how much.

    Each has the same tuning budget. What was run stays: the same command goes on with it.
    """
    budget = seconds(time_budget)
    from orchestrator.comparing.planning import CompareRequest
    from orchestrator.request import SearchRequest

    run = SearchRequest(
        time_budget=budget,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
        storage=storage,
    )
    request = CompareRequest(study, by, tune, repeats, metric, name, run)
    _plan_and_run(request, dry_run=dry_run, as_json=as_json)


def _plan_and_run(request: CompareRequest, *, dry_run: bool, as_json: bool) -> None:
    with stdout_kept_clean(as_json) as out:
        from orchestrator.comparing import plan_comparison, plan_tuning
        from orchestrator.stop import StopRequest
        from orchestrator.views.console import console_for

        console = console_for(sys.stderr if as_json else sys.stdout)
        stop = StopRequest()
        tuning = plan_tuning(request)
        if dry_run:
            _answer_plan(tuning or plan_comparison(request), console, out, as_json=as_json)
            return
        if tuning is not None:
            _run(tuning, stop, console)
        if stop.reason is None:
            _compare(plan_comparison(request), stop, console, out, as_json=as_json)


def _run(plan: SearchPlan, stop: StopRequest, console: Console) -> SearchResult:
    from orchestrator.cli.searching import watched
    from orchestrator.views.plan_text import print_plan

    print_plan(console, plan)
    return watched(plan, stop, console)


def _answer_plan(plan: SearchPlan, console: Console, out: IO[str], *, as_json: bool) -> None:
    from orchestrator.cli.plan_facts import plan_facts
    from orchestrator.views.plan_text import print_plan

    print_plan(console, plan)
    if as_json:
        print_json(plan_facts(plan), file=out)


def _compare(
    plan: SearchPlan, stop: StopRequest, console: Console, out: IO[str], *, as_json: bool
) -> None:
    from orchestrator.comparing import check_repeats, read_comparison
    from orchestrator.views.comparison_table import print_comparison

    result = _run(plan, stop, console)
    check_repeats(result.results, result.spec)
    comparison = read_comparison(result.results, result.spec)
    print_comparison(console, comparison)
    if as_json:
        print_json(comparison.to_json(), file=out)
    if not comparison.arms and stop.reason is None:
        raise typer.Exit(FAILED)
