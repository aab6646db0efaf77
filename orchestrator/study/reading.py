"""Reads a study's trials into frozen rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields

import optuna

from orchestrator.board import TrialRow
from orchestrator.results import TrialResult
from orchestrator.study.facts import TrialFacts, read_facts

_FACTS = tuple(field.name for field in fields(TrialFacts))


def read_trials(
    study: optuna.Study, run_ids: Mapping[int, str] | None = None
) -> tuple[TrialResult, ...]:
    """All trials of the study, by number."""
    ids = run_ids or {}
    return tuple(
        _result(read_facts(trial), ids.get(trial.number))
        for trial in study.get_trials(deepcopy=False)
    )


def board_rows(trials: tuple[TrialResult, ...]) -> tuple[TrialRow, ...]:
    """Rows for trials that an earlier session ended; warm starts and repeats are none of its."""
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
        if trial.counts or trial.state in ("failed", "stopped")
    )


def _result(facts: TrialFacts, run_id: str | None) -> TrialResult:
    # No asdict: it copies every config.
    return TrialResult(**{name: getattr(facts, name) for name in _FACTS}, run_id=run_id)
