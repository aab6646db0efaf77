"""A study as a pruner sees it: one direction, the gate's values, each trial once.

Pruners read `study.direction` and the trials' intermediate values, and Hyperband opens the study
anew by its name. So the view is one of the storage, under a study of its own.
"""

from __future__ import annotations

import copy
from collections.abc import Container
from typing import Any, cast

import optuna
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.succession import Succession

GATE = "gate"  # the user attribute that holds values which Optuna does not take; see facts.py


def gate_study(
    study: optuna.Study, direction: str, *, native: bool
) -> tuple[optuna.Study, GateStorage]:
    """A study over `study`'s storage with this one direction, and the storage that it reads."""
    storage = GateStorage(study, StudyDirection[direction.upper()], native=native)
    view = optuna.Study(
        study_name=study.study_name,
        storage=cast(optuna.storages.BaseStorage, storage),
        sampler=study.sampler,
    )
    return view, storage


class GateStorage:
    """Shows the trials of one study; writes, and all else, go to the real storage.

    Left out: trials that another one stands for, and repeats, which ran in the trial that they
    repeat. Else a trial that was interrupted would count twice at a rung. What was worked out for a
    finished trial is kept: 2,000 of them are not looked at again at each report.

    Args:
        study: whose trials.
        direction: of the gate metric.
        native: whether the gate's values are the trials' own intermediate values.
    """

    def __init__(self, study: optuna.Study, direction: StudyDirection, *, native: bool) -> None:
        self._study, self._direction, self._native = study, direction, native
        self._succession = Succession()
        self._done: dict[int, FrozenTrial | None] = {}  # by number; None is left out

    def __getattr__(self, name: str) -> Any:
        return getattr(self._study._storage, name)

    def get_study_id_from_name(self, study_name: str) -> int:
        """Of the one study there is."""
        del study_name
        return self._study._study_id

    def get_study_directions(self, study_id: int) -> list[StudyDirection]:
        """The gate's."""
        del study_id
        return [self._direction]

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        """The trials as a pruner sees them; never copies of them."""
        del study_id, deepcopy
        trials = self._study.get_trials(deepcopy=False)
        self._succession.note(trials)
        done = self._done
        seen = [done[n] if n in done else self._look(trial) for n, trial in enumerate(trials)]
        if self._succession.merged:
            seen = [seen[number] for number in self._succession.standing()]
        return [t for t in seen if t is not None and (states is None or t.state in states)]

    def as_seen(self, trial: FrozenTrial) -> FrozenTrial:
        """One trial as a pruner sees it."""
        if trial.number >= self._succession.noted:
            self._succession.note(self._study.get_trials(deepcopy=False))
        placed = self._succession.placed(trial)
        if self._native:
            return placed
        made = copy.copy(placed)
        made.intermediate_values = self.values(trial)
        return made

    def values(self, trial: FrozenTrial) -> dict[int, float]:
        """The gate's values by step."""
        if self._native:
            return trial.intermediate_values
        return {int(step): value for step, value in trial.user_attrs.get(GATE, {}).items()}

    def _look(self, trial: FrozenTrial) -> FrozenTrial | None:
        repeat = "repeat_of" in trial.user_attrs.get("end", {})
        seen = None if repeat else self.as_seen(trial)
        if trial.state.is_finished():
            self._done[trial.number] = seen
        return seen
