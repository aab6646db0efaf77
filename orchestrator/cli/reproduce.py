"""`orchestrator reproduce A|B|C|D`: a reference system's table, ours beside what was published."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import (
    SEARCH,
    Address,
    Concurrency,
    CpusPerTrial,
    DataDir,
    DryRun,
    GpusPerTrial,
    Json,
    Local,
    Storage,
    WeightsDir,
    option,
)
from orchestrator.cli.quantities import several

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.reproducing import ReproduceRequest

System = Annotated[str, typer.Argument(metavar="A|B|C|D", help="The reference system.")]
Budget = Annotated[
    str,
    option(
        "--budget",
        "small|full",
        SEARCH,
        "small: minutes on 2 cores, and it says what it leaves out; full: the published recipe.",
        "small",
    ),
]
Name = Annotated[
    str | None,
    option("--study", "NAME", SEARCH, "The study that holds the rows.", "reference_SYSTEM_BUDGET"),
]
Data = Annotated[str | None, option("--data", "NAME", SEARCH, "Other images.", "cifar10")]
Settings = Annotated[
    list[str] | None,
    option("--set", "KEY=VALUE", SEARCH, "Fix a field of every row's config.", "none"),
]


def reproduce(
    system: System,
    budget: Budget = "small",
    study: Name = None,
    data: Data = None,
    data_dir: DataDir = None,
    weights_dir: WeightsDir = None,
    settings: Settings = None,
    cpus_per_trial: CpusPerTrial = None,
    gpus_per_trial: GpusPerTrial = None,
    concurrency: Concurrency = None,
    address: Address = None,
    local: Local = False,
    storage: Storage = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Run the recipe of a reference system, and print its table beside ours.

    What was run stays in its study: the same command goes on with what is missing, the shortest
    rows first. Ctrl-C ends it with the rows that are done.
    """
    from orchestrator.reproducing import ReproduceRequest
    from orchestrator.request import SearchRequest

    run = SearchRequest(
        study=study,
        data=data,
        data_dir=data_dir,
        weights_dir=weights_dir,
        settings=several(settings),
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
        storage=storage,
    )
    request = ReproduceRequest(system, budget, run)
    with stdout_kept_clean(as_json) as out:
        from orchestrator.views.console import console_for

        console = console_for(sys.stderr if as_json else sys.stdout)
        _plan_and_run(request, console, out, dry_run=dry_run, as_json=as_json)


def _plan_and_run(
    request: ReproduceRequest, console: Console, out: IO[str], *, dry_run: bool, as_json: bool
) -> None:
    from orchestrator.cli.plan_facts import plan_facts
    from orchestrator.cli.searching import watched as watched_search
    from orchestrator.reproducing import plan_reproduction, reading_reproduction
    from orchestrator.stop import StopRequest
    from orchestrator.views.plan_text import print_plan
    from orchestrator.views.reproduction_table import print_reproduction
    from orchestrator.views.stages import watched

    plan = plan_reproduction(request, lambda line: console.print(line, style="dim", markup=False))
    print_plan(console, plan)
    if dry_run:
        if as_json:
            print_json(plan_facts(plan), file=out)
        return
    stop = StopRequest()
    result = watched_search(plan, stop, console)
    table = watched(reading_reproduction(request, result))
    print_reproduction(console, table)
    if as_json:
        print_json(table.to_json(), file=out)
    if not table.measured and stop.reason is None:
        raise typer.Exit(FAILED)
