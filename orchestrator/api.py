"""The door from Python: everything that the command line does is one of these functions first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from orchestrator.board import Board
from orchestrator.comparing import (
    CompareRequest,
    Comparison,
    check_repeats,
    plan_comparison,
    plan_tuning,
    read_comparison,
)
from orchestrator.evaluating.evaluate import evaluate
from orchestrator.lr_finding import lr_find
from orchestrator.plan.build import plan_search
from orchestrator.plan.value import SearchPlan
from orchestrator.reproducing import (
    ReproduceRequest,
    Reproduction,
    plan_reproduction,
    reading_reproduction,
)
from orchestrator.request import SearchRequest
from orchestrator.results import SearchResult
from orchestrator.say import in_words, silent
from orchestrator.session import make_board, run_search
from orchestrator.study.loading import load_study
from trainables.driving import drive

__all__ = [
    "Board",
    "Comparison",
    "SearchPlan",
    "compare",
    "evaluate",
    "load_study",
    "lr_find",
    "make_board",
    "plan_search",
    "reproduce",
    "run_search",
    "search",
]


def search(
    space: str = "backbone_compare",
    *,
    data: str | None = None,
    data_dir: str | Path | None = None,
    image_size: int | None = None,
    train_size: int | None = None,
    val_size: int | None = None,
    robust_size: int | None = None,
    validation: str | None = None,
    backbones: Sequence[str] | None = None,
    settings: dict[str, object] | None = None,
    weights: str | None = None,
    weights_dir: str | Path | None = None,
    trials: int | None = None,
    time_budget: float | None = None,
    seed: int | None = None,
    cpus_per_trial: float | None = None,
    gpus_per_trial: float | None = None,
    concurrency: int | None = None,
    address: str | None = None,
    local: bool = False,
    storage: str | None = None,
    tracking_uri: str | None = None,
    experiment: str = "orchestrator",
    study: str | None = None,
    checkpoints: str | Path | None = None,
    keep_models: int = 1,
    cache_limit_gb: float | None = None,
    trainable: str | None = None,
    objective: str | None = None,
    constraints: Sequence[str] = (),
    gate: str | None = None,
    sampler: str | None = None,
    pruner: str | None = None,
    max_failures: int | None = None,
    target: str | None = None,
    on_budget: Literal["finish", "checkpoint"] | None = None,
    duplicates: Literal["answer", "reseed", "run"] | None = None,
    tries: Sequence[Mapping[str, object]] = (),
    warm_start: Sequence[str] = (),
    add_trials: int | None = None,
    retry_failed: bool = False,
    progress: Callable[[str], None] | None = None,
) -> SearchResult:
    """Run a search and return what its study holds; the arguments are those of `SearchRequest`.

    Args:
        settings: fields of TrialConfig to fix, such as `{"lr": 1e-3}`.
        tries: points to try first, such as `{"lr": 1e-3, "dropout": 0.2}`.
        progress: is given a line now and then; `print` will do.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: something that is needed cannot be had here.
    """
    request = SearchRequest(
        space=space,
        data=data,
        data_dir=_path(data_dir),
        image_size=image_size,
        train_size=train_size,
        val_size=val_size,
        robust_size=robust_size,
        validation=validation,
        backbones=None if backbones is None else tuple(backbones),
        settings=tuple(f"{key}={value}" for key, value in (settings or {}).items()),
        weights=weights,
        weights_dir=_path(weights_dir),
        trials=trials,
        time_budget=time_budget,
        seed=seed,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
        storage=storage,
        tracking_uri=tracking_uri,
        experiment=experiment,
        study=study,
        checkpoints=_path(checkpoints),
        keep_models=keep_models,
        cache_limit_gb=cache_limit_gb,
        trainable=trainable,
        objective=objective,
        constraints=tuple(constraints),
        gate=gate,
        sampler=sampler,
        pruner=pruner,
        max_failures=max_failures,
        target=target,
        on_budget=on_budget,
        duplicates=duplicates,
        tries=tuple(",".join(f"{k}={v}" for k, v in point.items()) for point in tries),
        warm_start=tuple(warm_start),
        add_trials=add_trials,
        retry_failed=retry_failed,
    )
    say = progress or silent
    return run_search(plan_search(request, say), say=say)


def compare(
    study: str | None = None,
    *,
    by: str = "backbone",
    tune: int | None = None,
    repeats: int = 5,
    metric: str | None = None,
    name: str | None = None,
    storage: str | None = None,
    tracking_uri: str | None = None,
    time_budget: float | None = None,
    cpus_per_trial: float | None = None,
    gpus_per_trial: float | None = None,
    concurrency: int | None = None,
    address: str | None = None,
    local: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Run the best of each value of `by` again, and say which is better, and by how much.

    The arguments are those of `CompareRequest` and of the `SearchRequest` in it; what was run
    before is not run again.

    Args:
        progress: is given a line now and then; `print` will do.

    Raises:
        UsageError: there is nothing to compare, or the name is taken by another comparison.
    """
    run = SearchRequest(
        storage=storage,
        tracking_uri=tracking_uri,
        time_budget=time_budget,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
    )
    say = progress or silent
    request = CompareRequest(study, by, tune, repeats, metric, name, run)
    tuning = plan_tuning(request, say)
    if tuning is not None:
        run_search(tuning, say=say)
    result = run_search(plan_comparison(request), say=say)
    check_repeats(result.results, result.spec)
    return read_comparison(result.results, result.spec)


def reproduce(
    system: str,
    *,
    budget: str = "small",
    study: str | None = None,
    data: str | None = None,
    data_dir: str | Path | None = None,
    weights_dir: str | Path | None = None,
    settings: dict[str, object] | None = None,
    storage: str | None = None,
    tracking_uri: str | None = None,
    cpus_per_trial: float | None = None,
    gpus_per_trial: float | None = None,
    concurrency: int | None = None,
    address: str | None = None,
    local: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Reproduction:
    """Run the rows of a reference system (A, B, C or D), and give its table beside ours.

    The arguments are those of `ReproduceRequest` and of the `SearchRequest` in it; what its study
    has run already is not run again.

    Args:
        progress: is given a line now and then; `print` will do.

    Raises:
        UsageError: there is no such system or budget.
        UnavailableError: no row can be run here.
    """
    run = SearchRequest(
        study=study,
        data=data,
        data_dir=_path(data_dir),
        weights_dir=_path(weights_dir),
        settings=tuple(f"{key}={value}" for key, value in (settings or {}).items()),
        storage=storage,
        tracking_uri=tracking_uri,
        cpus_per_trial=cpus_per_trial,
        gpus_per_trial=gpus_per_trial,
        concurrency=concurrency,
        address=address,
        local=local,
    )
    say = progress or silent
    request = ReproduceRequest(system, budget, run)
    result = run_search(plan_reproduction(request, say), say=say)
    return drive(reading_reproduction(request, result), lambda sign: say(in_words(sign)))


def _path(value: str | Path | None) -> Path | None:
    return None if value is None else Path(value)
