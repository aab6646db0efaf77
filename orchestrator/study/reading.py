"""Reads a study's trials into frozen rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from orchestrator.board import TrialRow
from orchestrator.results import TrialResult

_STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
    TrialState.WAITING: "waiting",
}


def read_trials(
    study: optuna.Study, run_ids: Mapping[int, str] | None = None
) -> tuple[TrialResult, ...]:
    """All trials of the study, by number."""
    ids = run_ids or {}
    return tuple(
        _result(trial, ids.get(trial.number)) for trial in study.get_trials(deepcopy=False)
    )


def board_rows(trials: tuple[TrialResult, ...]) -> tuple[TrialRow, ...]:
    """Rows for trials that an earlier session ended."""
    return tuple(
        TrialRow(
            trial.number,
            trial.label,
            state=trial.state,
            stage="",
            metrics=trial.metrics,
            seconds=trial.seconds or 0.0,
            reason=trial.reason,
        )
        for trial in trials
        if trial.state in ("finished", "pruned", "failed", "stopped")
    )


def _result(trial: FrozenTrial, run_id: str | None) -> TrialResult:
    attrs: dict[str, Any] = trial.user_attrs
    params = dict(trial.params) or dict(trial.system_attrs.get("fixed_params", {}))
    return TrialResult(
        number=trial.number,
        label=attrs.get("label", f"trial {trial.number}"),
        # The study knows FAIL only; a trial that gave way to a stop did nothing wrong.
        state="stopped" if attrs.get("state") == "stopped" else _STATES[trial.state],
        reason=attrs.get("reason", ""),
        params=params,
        config=attrs.get("config", {}),
        metrics=attrs.get("metrics", {}),
        run_id=run_id,
        seconds=attrs.get("seconds"),
        folder=attrs.get("folder", ""),
        started=attrs.get("started"),
        worker=attrs.get("worker", ""),
    )
