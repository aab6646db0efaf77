"""What a search of `overhead.py` left: in the study and in MLflow, read by their own libraries."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass

import optuna
from overhead_value import Asked

_TRIALS = "(SELECT DISTINCT run_uuid FROM params WHERE key = 'lr')"
_RUNS = f"SELECT count(*) FROM runs WHERE status != 'RUNNING' AND run_uuid IN {_TRIALS}"
_REPORTS = f"SELECT count(*) FROM metrics WHERE key = 'val_acc' AND run_uuid IN {_TRIALS}"


@dataclass(frozen=True)
class Counts:
    """What was recorded.

    Args:
        trials: that the study holds as complete or pruned.
        study_reports: intermediate values in the study.
        runs: of trials in MLflow, ended.
        reports: values of `val_acc` in all of them.
        artifacts: files in MLflow's artifact folders.
    """

    trials: int
    study_reports: int
    runs: int
    reports: int
    artifacts: int


def count(asked: Asked) -> Counts:
    """Counts of one search."""
    storage = optuna.storages.RDBStorage(asked.optuna)
    (name,) = optuna.get_all_study_names(storage)
    trials = optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)
    with closing(sqlite3.connect(asked.folder / "mlflow.db")) as held:
        runs, reports = (held.execute(query).fetchone()[0] for query in (_RUNS, _REPORTS))
    return Counts(
        trials=sum(t.state.name in ("COMPLETE", "PRUNED") for t in trials),
        study_reports=sum(len(t.intermediate_values) for t in trials),
        runs=runs,
        reports=reports,
        artifacts=sum(path.is_file() for path in asked.folder.glob("mlruns/**/artifacts/**/*")),
    )
