"""(a) of `overhead.py`: Ray Tune with its own OptunaSearch and MLflowLoggerCallback.

As the documentation of ray 2.60 shows it: a function trainable, its defaults (no actors reused).
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
import ray
from mlflow.tracking import MlflowClient
from overhead_trials import REPORTS, head, nothing
from overhead_value import Asked, Took, read_stamp
from ray import tune
from ray.air.integrations.mlflow import MLflowLoggerCallback
from ray.tune import Callback, RunConfig, TuneConfig, Tuner
from ray.tune.schedulers import ASHAScheduler
from ray.tune.search.optuna import OptunaSearch


class LastEnd(Callback):
    """Notes when Tune was done with the last trial, its MLflow run included."""

    def __init__(self) -> None:
        self.at = 0.0

    def on_trial_complete(self, iteration: int, trials: Any, trial: Any, **info: Any) -> None:
        """Called by Tune after the logger callback's turn, in the order of the list."""
        del iteration, trials, trial, info
        self.at = time.time()


def run_nothing(config: Mapping[str, Any]) -> None:
    """Five reports."""
    for metrics in nothing(config):
        tune.report(metrics)


def run_head(config: Mapping[str, Any]) -> None:
    """A head; its files go to the trial's folder, which the callback sends to MLflow."""
    reports = head(config, Path(tune.get_context().get_trial_dir()))
    while True:
        try:
            tune.report(next(reports))
        except StopIteration as end:
            tune.report(end.value)
            return


def run(asked: Asked) -> Took:
    """One search."""
    MlflowClient(asked.mlflow).search_experiments()  # makes the schema: start-up
    ray.init(num_cpus=asked.at_a_time, include_dashboard=False, log_to_driver=False)
    ended = LastEnd()
    storage = optuna.storages.RDBStorage(asked.optuna)
    tuner = Tuner(
        tune.with_resources(run_head if asked.kind == "head" else run_nothing, {"cpu": 1}),
        param_space={
            "lr": tune.loguniform(1e-5, 1e-2),
            "dropout": tune.uniform(0.0, 0.9),
            "batch_size": tune.choice([16, 32, 64]),
        },
        tune_config=TuneConfig(
            metric="val_acc",
            mode="max",
            num_samples=asked.trials,
            search_alg=OptunaSearch(
                sampler=optuna.samplers.TPESampler(seed=asked.seed), storage=storage
            ),
            scheduler=ASHAScheduler(
                grace_period=1,
                reduction_factor=3,
                max_t=REPORTS + (asked.kind == "head"),  # its final figures are a report more
            ),
        ),
        run_config=RunConfig(
            name="overhead",
            storage_path=str(asked.folder / "ray"),
            verbose=0,
            callbacks=[
                MLflowLoggerCallback(
                    tracking_uri=asked.mlflow,
                    experiment_name="overhead",
                    save_artifact=asked.kind == "head",
                ),
                ended,
            ],
        ),
    )
    results = tuner.fit()
    ray.shutdown()
    assert not results.errors, results.errors[0]
    return Took(began=read_stamp(), ended=ended.at, recorded=ended.at)
