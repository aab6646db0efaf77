"""(b) of `overhead.py`: Optuna alone in one process, logging to MLflow.

`study.optimize(n_jobs=2)`: two threads. A run a trial; `log_params` once, `log_metrics` with each
report, both synchronous, as MLflow's documentation shows it for Optuna.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import mlflow
import optuna
from overhead_trials import head, nothing, suggest
from overhead_value import Asked, Took, read_stamp

from search_spaces.space import SpaceContext


def run(asked: Asked) -> Took:
    """One search."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    mlflow.set_tracking_uri(asked.mlflow)
    mlflow.set_experiment("overhead")  # makes the schema: start-up
    study = optuna.create_study(
        storage=asked.optuna,
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=asked.seed),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3),
    )

    def objective(trial: optuna.Trial) -> float:
        config = dict(suggest(trial, SpaceContext()))
        with mlflow.start_run(run_name=f"trial-{trial.number}"):
            mlflow.log_params(config)
            value = _head(trial, config) if asked.kind == "head" else _nothing(trial, config)
        if value is None:
            raise optuna.TrialPruned
        return value

    study.optimize(objective, n_trials=asked.trials, n_jobs=asked.at_a_time)
    ended = time.time()
    return Took(began=read_stamp(), ended=ended, recorded=ended)


def _nothing(trial: optuna.Trial, config: Mapping[str, Any]) -> float | None:
    return _reported(trial, nothing(config))


def _head(trial: optuna.Trial, config: Mapping[str, Any]) -> float | None:
    with tempfile.TemporaryDirectory() as folder:
        value = _reported(trial, head(config, Path(folder)))
        mlflow.log_artifacts(folder)
    return value


def _reported(trial: optuna.Trial, reports: Iterator[Mapping[str, float]]) -> float | None:
    """The last value of a trial that came to its end, or None of one that the pruner stopped."""
    step, value = 0, 0.0
    while True:
        try:
            metrics: Mapping[str, float] = next(reports)
        except StopIteration as end:
            if end.value is not None:  # the final figures of a head
                mlflow.log_metrics(end.value, step=step)
            return value
        step, value = step + 1, metrics["val_acc"]
        mlflow.log_metrics(dict(metrics), step=step)
        trial.report(value, step)
        if trial.should_prune():
            return None
