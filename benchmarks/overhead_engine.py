"""(c) of `overhead.py`: this engine through its public door, with all its durability."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from overhead_trials import HEAD, SPACE
from overhead_value import Asked, Took

from orchestrator import SearchResult, search

__all__ = ["SPACE"]  # `search` finds the space in this file


def run(asked: Asked) -> Took:
    """One search."""
    result = searched(asked, sampler="tpe")
    return Took(
        began=began(asked),
        ended=max(trial.ended or 0.0 for trial in result.results),
        recorded=max(_written(asked.folder, "mlflow.db*")),
    )


def searched(asked: Asked, *, sampler: str | None, local: bool = False) -> SearchResult:
    """The search; everything has been sent to MLflow."""
    special: dict[str, Any] = {"trainable": "overhead_trials:nothing"}
    if asked.kind == "head":
        special = {"settings": HEAD}
    result = search(
        __file__,
        trials=asked.trials,
        seed=asked.seed,
        cpus_per_trial=1,
        concurrency=asked.at_a_time,
        local=local,
        sampler=sampler,
        pruner="asha:first_rung=1,reduction=3",
        storage=asked.optuna,
        tracking_uri=asked.mlflow,
        checkpoints=asked.folder / "trials",
        study="overhead",
        keep_models=0,
        **special,
    )
    assert not result.unsent, result.unsent
    return result


def began(asked: Asked) -> float:
    """When the first trial began: an attempt writes its config before the trial's own code runs."""
    return min(_written(asked.folder, "trials/overhead/trials/*/config.json"))


def _written(folder: Path, pattern: str) -> list[float]:
    """When each of these files was written to for the last time."""
    return [path.stat().st_mtime for path in folder.glob(pattern)]
