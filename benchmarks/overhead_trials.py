"""The trials of `overhead.py`, the same in all three set-ups; and the space they are drawn from."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

from search_spaces.space import Objective, Params, Space, SpaceContext, TrialLike

REPORTS = 5
STAMP = "OVERHEAD_STAMP"  # names the file that holds when the first trial's code began to run
KINDS = ("nothing", "head")
# What a head trial does beyond the drawn parameters: real images, labels, features and files.
HEAD = {
    "data": "digits",
    "weights": "random",
    "backbone": "tf_efficientnet_lite0",
    "input_size": 32,
    "train_size": 200,
    "val_size": 200,
    "robust_size": 64,
    "attack": "none",
    "epochs": REPORTS,
    "threads": 1,
}


def suggest(trial: TrialLike, context: SpaceContext) -> Params:
    """Three parameters of a linear head."""
    del context
    return {
        "lr": trial.suggest_float("lr", 1e-5, 1e-2, log=True),
        "dropout": trial.suggest_float("dropout", 0.0, 0.9),
        "batch_size": trial.suggest_categorical("batch_size", (16, 32, 64)),
    }


SPACE = Space(
    name="overhead",
    question="What does a trial cost beyond itself?",
    suggest=suggest,
    objectives=(Objective("val_acc"),),
    # For the figures of this benchmark only: under the head's cycle of the learning rate these
    # comparisons would mislead a real search.
    fidelity="epochs",
)


def stamp() -> None:
    """Note when the first trial's code began, once; start-up is everything before that."""
    path = Path(os.environ[STAMP])
    if not path.exists():
        path.write_text(repr(time.time()))


def nothing(config: Mapping[str, Any]) -> Iterator[dict[str, float]]:
    """Five reports of one figure. It never changes, so that no pruner stops a trial."""
    del config
    stamp()
    for _ in range(REPORTS):
        yield {"val_acc": 0.5}


def head(
    config: Mapping[str, Any], folder: Path
) -> Generator[dict[str, float], None, dict[str, float]]:
    """Train a head: its figures by epoch, and those of its end; its files go to `folder`."""
    stamp()  # before torch is imported: the engine's own trials import it after their start too
    from trainables import TrialConfig, train
    from trainables.record import append_history, write_config, write_report
    from trainables.reports import EpochReport, TrialReport

    full = TrialConfig.model_validate({**HEAD, **config})
    write_config(full, folder)
    for report in train(full):
        if isinstance(report, EpochReport):
            append_history(folder, report)
            yield dict(report.metrics)
        elif isinstance(report, TrialReport):
            write_report(report, full, folder)
            return dict(report.metrics)
    raise RuntimeError("a head trial ends with a report")
