"""`SearchRequest`: what a person asked for, before anything is looked up or decided."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class SearchRequest:
    """One call of `orchestrator search`, or of `orchestrator.search()`; `None` means "you decide".

    Args:
        space: a registered space, or a path to a file with one.
        settings: `"key=value"` strings that fix fields of `TrialConfig`.
        trials: finished trials wanted (default: the space's; twice the points that come first, or
            all points of a grid).
        validation: `split`, or `kfold:5x4` for repeated folds of the labelled images.
        seed: of the splits, the sampler and the heads (default: 0).
        time_budget: seconds after which no new trial starts (default: none).
        cpus_per_trial: CPU cores a trial (default: 1).
        gpus_per_trial: GPUs a trial, fractions allowed (default: 1 where there are any).
        concurrency: trials at a time (default: as many as the resources hold).
        address: an existing Ray cluster to join, such as `"auto"` or `"ray://host:10001"`.
        local: run in this process, without Ray, one trial at a time.
        storage: Optuna storage URL (default: `sqlite:///optuna.db` in the working folder).
        tracking_uri: MLflow tracking URI (default: `MLFLOW_TRACKING_URI`, else
            `sqlite:///mlflow.db` in the working folder).
        study: name of a new study, or of one that exists and goes on.
        checkpoints: folder of the trials' files (default: `.orchestrator` in the working folder).
        keep_models: whole models logged to MLflow, best first.
        trainable: `package.module:function`, a generator of reports of one's own.
        objective: metrics with commas between them, `-` before one to be minimised.
        constraints: such as `"robust_acc>=0.3"`.
        gate: the metric that early stopping looks at (default: the one objective).
        sampler, pruner: registered names; a pruner may have options, `asha:first_rung=2`.
        max_failures: failed trials after which the session ends (default: 10).
        target: a condition that ends the search once a trial holds it.
        on_budget: what running trials do when the time is up.
        duplicates: what happens to a config that the study has finished already.
        tries: points to try first, such as `"lr=1e-3,dropout=0.2"`.
        warm_start: studies in the same storage whose finished trials teach the sampler.
        add_trials: of a study that exists, so many more than it was to have.
        retry_failed: of a study that exists, run the failed trials again.
    """

    space: str = "backbone_compare"
    data: str | None = None
    data_dir: Path | None = None
    image_size: int | None = None
    train_size: int | None = None
    val_size: int | None = None
    robust_size: int | None = None
    validation: str | None = None
    backbones: tuple[str, ...] | None = None
    settings: tuple[str, ...] = ()
    weights: str | None = None
    weights_dir: Path | None = None
    trials: int | None = None
    time_budget: float | None = None
    seed: int | None = None
    cpus_per_trial: float | None = None
    gpus_per_trial: float | None = None
    concurrency: int | None = None
    address: str | None = None
    local: bool = False
    storage: str | None = None
    tracking_uri: str | None = None
    experiment: str = "orchestrator"
    study: str | None = None
    checkpoints: Path | None = None
    keep_models: int = 1
    cache_limit_gb: float | None = None
    trainable: str | None = None
    objective: str | None = None
    constraints: tuple[str, ...] = ()
    gate: str | None = None
    sampler: str | None = None
    pruner: str | None = None
    max_failures: int | None = None
    target: str | None = None
    on_budget: Literal["finish", "checkpoint"] | None = None
    duplicates: Literal["answer", "reseed", "run"] | None = None
    tries: tuple[str, ...] = ()
    warm_start: tuple[str, ...] = ()
    add_trials: int | None = None
    retry_failed: bool = False
