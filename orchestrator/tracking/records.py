"""What a study holds of itself and its trials, read once a pass as frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.names import trial_label
from orchestrator.study.spec import ObjectiveSpec, StudySpec
from orchestrator.study.store import load_study, open_storage, read_spec

_STATES = {
    TrialState.COMPLETE: "finished",
    TrialState.PRUNED: "pruned",
    TrialState.FAIL: "failed",
    TrialState.RUNNING: "running",
}


@dataclass(frozen=True)
class TrialRecord:
    """One trial that has started.

    Args:
        state: `running`, `finished`, `pruned`, `failed` or `stopped`.
        params: what the space suggested.
        config: the whole config of the trial; empty where it never came to one.
        metrics: final figures by their public names.
        started, ended: Unix seconds; `ended` is None while it runs.
        folder: where its files lie; None where it never came to one.
    """

    number: int
    label: str
    state: str
    reason: str
    params: Mapping[str, Any]
    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    started: float
    ended: float | None
    folder: Path | None
    digest: str = ""
    attempt: int = 1
    worker: str = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.state != "running"


@dataclass(frozen=True)
class StudyRecord:
    """A study as it stood when it was read."""

    spec: StudySpec
    trials: tuple[TrialRecord, ...] = field(default_factory=tuple)

    @property
    def objective(self) -> ObjectiveSpec:
        """The first objective: what trials are ranked by."""
        return self.spec.objectives[0]

    @property
    def ranked(self) -> tuple[TrialRecord, ...]:
        """Finished trials that have the objective, best first; ties by number."""
        metric = self.objective.metric
        sign = -1.0 if self.objective.direction == "maximize" else 1.0
        scored = [t for t in self.trials if t.state == "finished" and metric in t.metrics]
        return tuple(sorted(scored, key=lambda t: (sign * t.metrics[metric], t.number)))

    @property
    def settled(self) -> int:
        """Trials that count towards the number wanted: finished or pruned."""
        return sum(trial.state in ("finished", "pruned") for trial in self.trials)

    @property
    def is_done(self) -> bool:
        """Whether the search has all the trials it was to have."""
        return self.settled >= self.spec.trials


class StudyReader:
    """Reads one study again and again; ended trials come from Optuna's own memory.

    Args:
        storage: an Optuna storage URL.
        study: the study's name.

    Raises:
        UnknownNameError: there is no such study.
        UsageError: the study was not made by this project.
        UnavailableError: the storage cannot be opened.
    """

    def __init__(self, storage: str, study: str) -> None:
        self._study: optuna.Study = load_study(open_storage(storage), study)
        self.spec = read_spec(self._study)

    def read(self) -> StudyRecord:
        """The study as it stands now."""
        trials = self._study.get_trials(deepcopy=False)
        records = [_record(trial) for trial in trials if trial.state in _STATES]
        spec = read_spec(self._study)
        return StudyRecord(spec, tuple(record for record in records if record is not None))


def _record(trial: FrozenTrial) -> TrialRecord | None:
    """None for a trial that was asked for but has not started."""
    held = trial.user_attrs
    state = "stopped" if held.get("state") == "stopped" else _STATES[trial.state]
    started = held.get("started") or _seconds(trial.datetime_start)
    if state == "running" and "label" not in held:
        return None
    config = held.get("config") or {}
    ended = held.get("ended") or _seconds(trial.datetime_complete)
    return TrialRecord(
        number=trial.number,
        label=str(held.get("label") or trial_label(trial.params, config)),
        state=state,
        reason=str(held.get("reason") or ""),
        params=trial.params,
        config=config,
        metrics=held.get("metrics") or {},
        started=started or 0.0,
        ended=None if state == "running" else ended,
        folder=Path(held["folder"]) if held.get("folder") else None,
        digest=str(held.get("digest") or ""),
        attempt=int(held.get("attempt") or 1),
        worker=str(held.get("worker") or ""),
    )


def _seconds(moment: Any) -> float | None:
    return None if moment is None else float(moment.timestamp())
