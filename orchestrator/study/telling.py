"""`Teller`: writes into the study how trials end. The only place that calls `tell`."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, TrialState

from orchestrator.study.facts import TrialFacts, read_facts
from orchestrator.study.messages import Assignment
from orchestrator.study.patience import Patience
from orchestrator.study.samplers.failures import FAILURE
from orchestrator.study.spec import StudySpec


@dataclass
class Running:
    """A trial under way in this session.

    Args:
        digest: of its config.
        began: when this attempt did.
        before: the trial as it stood before this attempt.
        epoch: the last one that it reported, in any attempt.
        stopped_at: the step at which the pruner stopped it, or would have if it were not exempt.
    """

    trial: optuna.Trial
    assignment: Assignment
    digest: str
    began: float
    before: TrialFacts
    epoch: int = 0
    stopped_at: int | None = None
    exempt: bool = False


@dataclass(frozen=True)
class Unsuccessful:
    """How a trial ends that has no figures to give.

    Args:
        state: PRUNED, or FAIL.
        worker: that ran it, where that is known.
        failure: as in `messages.py`; "" where it was the pruner that ended it.
    """

    state: TrialState
    reason: str
    worker: str = ""
    failure: str = ""

    @property
    def word(self) -> str:
        """The state in a person's words."""
        return "pruned" if self.state == TrialState.PRUNED else "failed"


class Teller:
    """Each method may be called again after a failure half-way: what is there stays as it is.

    Args:
        study: whose trials end.
        patiently: waits for a database that is away.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        study: optuna.Study,
        spec: StudySpec,
        patiently: Patience,
        clock: Callable[[], float],
    ) -> None:
        self._study, self._spec = study, spec
        self._patiently, self._clock = patiently, clock

    def complete(self, run: Running, metrics: Mapping[str, float], worker: str) -> None:
        """COMPLETE, with every figure that the trial gave."""
        end = self._end_of(run, "finished", "", worker)
        note(run.trial, metrics=dict(metrics), end=end)
        self._tell_values(run.trial, metrics)

    def unsuccessful(self, run: Running, how: Unsuccessful) -> None:
        """PRUNED or FAIL."""

        def tell() -> None:
            end = self._end_of(run, how.word, how.reason, how.worker)
            note(run.trial, end={**end, FAILURE: how.failure} if how.failure else end)
            self._study.tell(run.trial, state=how.state)

        self._if_still_ours(tell)

    def infeasible(self, trial: optuna.Trial, reason: str) -> None:
        """PRUNED before it started: a point of the space that comes to no config at all."""
        end = {"state": "pruned", "reason": reason, "ended": self._clock(), "seconds": 0.0}
        end[FAILURE] = "infeasible"

        def tell() -> None:
            note(trial, end=end)
            self._study.tell(trial, state=TrialState.PRUNED)

        self._if_still_ours(tell)

    def give_back(self, run: Running, word: str, reason: str, *, losses: int = 0) -> None:
        """WAITING under its own number, until it is claimed again and goes on."""

        def put() -> None:
            start = dict(run.trial.user_attrs["start"], losses=losses)
            note(run.trial, start=start, end=self._end_of(run, word, reason))
            self._wait(run.trial._trial_id)

        self._if_still_ours(put)

    def adopt(self, but: Container[int] = ()) -> list[int]:
        """Put back what a dead driver left RUNNING, `but` these; their numbers."""
        running = self._study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))
        left = [frozen for frozen in running if frozen.number not in but]
        for frozen in left:
            end = {"state": "stopped", "reason": "its driver died", **_last_seen(frozen)}
            self._study._storage.set_trial_user_attr(frozen._trial_id, "end", end)
            self._wait(frozen._trial_id)
        return [trial.number for trial in left]

    def answer(self, trial: optuna.Trial, notes: Mapping[str, Any], twin: FrozenTrial) -> None:
        """What `twin` gave: nothing is run, and the trial does not count.

        Args:
            notes: `label`, `config` and `start` of the trial.
        """
        known, now = read_facts(twin), self._clock()
        reason = f"the same config as trial {twin.number}: answered from there"
        end = {"state": known.state, "reason": reason, "ended": now, "seconds": 0.0}
        end |= {
            key: value for key, value in twin.user_attrs.get("end", {}).items() if key == FAILURE
        }
        note(trial, **notes, end={**end, "repeat_of": str(twin.number)})
        if twin.state == TrialState.COMPLETE:
            note(trial, metrics=dict(known.metrics))
            self._tell_values(trial, known.metrics)
            return
        for step, value in twin.intermediate_values.items():
            trial.report(value, step)
        self._study.tell(trial, state=TrialState.PRUNED)

    def _tell_values(self, trial: optuna.Trial, metrics: Mapping[str, float]) -> None:
        for condition in self._spec.constraints:
            trial.set_constraint(str(condition), condition.violation(metrics[condition.metric]))
        values = [metrics[item.metric] for item in self._spec.objectives]
        # What `study.tell` comes to for finite values, without reading the trial three times; none
        # of our samplers has an `after_trial`.
        self._study._storage.set_trial_state_values(trial._trial_id, TrialState.COMPLETE, values)

    def _end_of(self, run: Running, word: str, reason: str, worker: str = "") -> dict[str, Any]:
        now = self._clock()
        seconds = (run.before.seconds or 0.0) + now - run.began
        end: dict[str, Any] = {"state": word, "reason": reason, "ended": now, "seconds": seconds}
        if worker:
            end["worker"] = worker
        if run.stopped_at is not None:
            end["stopped_at"] = run.stopped_at
        return end

    def _wait(self, trial_id: int) -> None:
        self._study._storage.set_trial_state_values(trial_id, TrialState.WAITING)

    def _if_still_ours(self, act: Callable[[], None]) -> None:
        """With patience; a trial that another driver was given is no longer ours to tell."""
        try:
            self._patiently(act)
        except UpdateFinishedTrialError:
            return


def note(trial: optuna.Trial, **attributes: object) -> None:
    """Keep attributes in the study; each is a transaction."""
    for name, value in attributes.items():
        trial.set_user_attr(name, value)


def _last_seen(trial: FrozenTrial) -> dict[str, float]:
    """When a trial whose driver died was last at work, by its files; and its seconds so far."""
    facts, start = read_facts(trial), trial.user_attrs.get("start", {})
    began = float(start.get("began") or facts.started or 0.0)
    times = [began]
    with suppress(OSError):  # the folder may be another machine's
        times += [path.stat().st_mtime for path in Path(facts.folder).iterdir()]
    ended = max(times) if facts.folder else began
    return {"ended": ended, "seconds": (facts.seconds or 0.0) + ended - began}
