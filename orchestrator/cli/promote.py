"""`orchestrator promote STUDY`: from the best trials to the model in use, or a refusal."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Annotated, Literal

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import (
    DATA,
    OUTPUT,
    RESULTS,
    SEARCH,
    Address,
    AnyStudy,
    Concurrency,
    CpusPerTrial,
    GpusPerTrial,
    Json,
    Local,
    Storage,
    TrackingUri,
    flag,
    option,
)
from orchestrator.cli.quantities import seconds

if TYPE_CHECKING:
    from orchestrator.promoting.decision import PromotionDecision
    from orchestrator.promoting.request import PromoteRequest

GATES = "What it must hold"

Name = Annotated[
    str | None, option("--name", "NAME", RESULTS, "Of the registered model.", "that of the data")
]
Trial = Annotated[
    int | None,
    option("--trial", "N", SEARCH, "The one trial to put forward.", "the best few", min=0),
]
Finalists = Annotated[
    int, option("--finalists", "N", SEARCH, "Trials that are trained again.", "3", min=1)
]
Repeats = Annotated[
    int,
    option("--repeats", "N", SEARCH, "Trainings of each, on fresh seeds and splits.", "5", min=2),
]
MinAcc = Annotated[
    float | None,
    option(
        "--min-acc",
        "SHARE",
        GATES,
        "Accuracy on test images, lower bound of its interval; 80 % is 0.8.",
        "none",
    ),
]
MinRobust = Annotated[
    float | None,
    option("--min-robust", "SHARE", GATES, "Robust score there, lower bound.", "none"),
]
MaxLatency = Annotated[
    float | None,
    option(
        "--max-latency-ms",
        "MS",
        GATES,
        "Milliseconds for one image, 95th percentile, on this machine.",
        "none",
    ),
]
By = Annotated[
    Literal["accuracy", "robustness"] | None,
    option(
        "--by",
        "accuracy|robustness",
        GATES,
        "What it must be significantly better in than the champion.",
        "the study's first objective",
    ),
]
Alpha = Annotated[
    float, option("--alpha", "LEVEL", GATES, "Level of tests; intervals are 1 - LEVEL.", "0.05")
]
AttackName = Annotated[
    str | None,
    option(
        "--attack",
        "ATTACK",
        DATA,
        "Such as pgd:steps=50; or none.",
        "the strongest there is time for",
    ),
]
AttackImages = Annotated[
    int, option("--attack-images", "N", DATA, "Test images that are attacked.", "1000", min=1)
]
AttackTime = Annotated[
    str | None,
    option(
        "--attack-time",
        "TIME",
        DATA,
        "About so long for each model: decides which attack is taken.",
        "10m",
    ),
]
DryRun = Annotated[
    bool, flag("--dry-run", OUTPUT, "Train, measure and say; the registry stays as it is.")
]
Challenger = Annotated[
    bool,
    flag("--challenger", RESULTS, "Register it as NAME@challenger; the champion stays."),
]
Onnx = Annotated[bool, flag("--onnx", RESULTS, "Log the model as ONNX, too (extra onnx).")]


def promote(
    study: AnyStudy = None,
    name: Name = None,
    trial: Trial = None,
    finalists: Finalists = 3,
    repeats: Repeats = 5,
    min_acc: MinAcc = None,
    min_robust: MinRobust = None,
    max_latency_ms: MaxLatency = None,
    by: By = None,
    alpha: Alpha = 0.05,
    attack: AttackName = None,
    attack_images: AttackImages = 1000,
    attack_time: AttackTime = None,
    cpus_per_trial: CpusPerTrial = None,
    gpus_per_trial: GpusPerTrial = None,
    concurrency: Concurrency = None,
    address: Address = None,
    local: Local = False,
    challenger: Challenger = False,
    onnx: Onnx = False,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Train the finalists again, choose on validation, and let the test images decide.

    The winner becomes NAME@champion if it holds all gates and is significantly better than the
    present one; else nothing is changed, and the exit status is 1. Each look at the test split is
    counted.
    """
    attack_seconds = seconds(attack_time)
    from orchestrator.promoting.request import ATTACK_SECONDS, PromoteRequest
    from orchestrator.request import SearchRequest

    run = SearchRequest(
        storage=storage,
        tracking_uri=tracking_uri,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
    )
    request = PromoteRequest(
        study=study,
        name=name,
        trial=trial,
        finalists=finalists,
        repeats=repeats,
        min_acc=min_acc,
        min_robust=min_robust,
        max_latency_ms=max_latency_ms,
        by=by,
        alpha=alpha,
        attack=attack,
        attack_images=attack_images,
        attack_seconds=attack_seconds or ATTACK_SECONDS,
        dry_run=dry_run,
        challenger=challenger,
        onnx=onnx,
        run=run,
    )
    with stdout_kept_clean(as_json) as out:
        decision = _decided(request, out, as_json=as_json)
    if not decision.promote:
        raise typer.Exit(FAILED)


def _decided(request: PromoteRequest, out: IO[str], *, as_json: bool) -> PromotionDecision:
    """The decision, told."""
    from orchestrator.cli.searching import watched as run_watched
    from orchestrator.promoting.planning import plan_finalists
    from orchestrator.promoting.promote import promoting
    from orchestrator.stop import StopRequest
    from orchestrator.views.console import console_for
    from orchestrator.views.plan_text import print_plan
    from orchestrator.views.promotion_table import print_promotion
    from orchestrator.views.stages import watched

    console = console_for(sys.stderr if as_json else sys.stdout)
    plan = plan_finalists(request)
    print_plan(console, plan.repeats)
    result = run_watched(plan.repeats, StopRequest(), console)
    decision = watched(promoting(request, plan, result))
    print_promotion(console, decision)
    if as_json:
        print_json(decision.to_json(), file=out)
    return decision
