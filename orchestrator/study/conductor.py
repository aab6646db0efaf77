"""The conductor: the one place where trials are asked of the study and told to it.

Whoever runs trials (this process, or Ray) only calls `next`, `heard`, `failed` and `released`;
it keeps no list of its own. All of it runs in the driver, from one thread.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState

from orchestrator.board import Board
from orchestrator.settings import make_config
from orchestrator.stop import StopRequest
from orchestrator.study.messages import Assignment, Failure, Message
from orchestrator.study.names import trial_label
from orchestrator.study.spec import StudySpec
from search_spaces.errors import OrchestratorError
from search_spaces.fixing import FixingTrial
from search_spaces.space import Space, SpaceContext

MOST_ATTEMPTS = 3  # a trial whose worker was lost this often is a failure of the trial
MOST_FAILURES = 10  # trials failed in one session, none of them for want of a worker
_STATE_OF = {"infeasible": "pruned", "stopped": "stopped"}
_COUNTED = (TrialState.COMPLETE, TrialState.PRUNED)


class Conductor:
    """Runs one session of one study; see the module's docstring.

    Args:
        study: with its sampler; RUNNING trials in it are taken for those of a dead driver.
        space, context: where configurations come from.
        board: is told everything that a person may want to see.
        stop: looked at before each new trial and at each report.
        deadline: Unix seconds after which no new trial starts.
    """

    def __init__(
        self,
        study: optuna.Study,
        spec: StudySpec,
        space: Space,
        context: SpaceContext,
        *,
        board: Board,
        stop: StopRequest,
        deadline: float | None = None,
    ) -> None:
        self._study, self._spec = study, spec
        self._space, self._context = space, context
        self._board, self._stop = board, stop
        self._deadline = deadline
        self._running: dict[int, tuple[optuna.Trial, Assignment, float]] = {}
        self._failures = 0
        self._finished = sum(trial.state in _COUNTED for trial in study.get_trials(deepcopy=False))

    @property
    def running(self) -> int:
        """Trials that are under way in this session."""
        return len(self._running)

    @property
    def remaining(self) -> int:
        """Trials still to be started; a running one counts as started."""
        return max(0, self._spec.trials - self._finished - self.running)

    def ending(self) -> str | None:
        """Why no further trial is to start, in words, or None; "" when all are done."""
        if self._stop.reason is not None:
            return self._stop.reason
        if self._failures >= MOST_FAILURES:
            return f"{self._failures} trials failed in this session; see their reasons"
        if self._deadline is not None and time.time() >= self._deadline:
            return "the time budget is used up"
        return "" if self._finished >= self._spec.trials else None

    def next(self) -> Assignment | None:
        """The next trial to run, or None while (or because) there is none to start."""
        while self.ending() is None and self.remaining > 0:
            trial = self._study.ask()
            started = time.time()
            try:
                assignment = self._assign(trial)
            except OrchestratorError as error:
                self._settle(trial, started, "infeasible", str(error))
                continue
            self._running[trial.number] = (trial, assignment, started)
            self._board.post(trial.number, label=assignment.label, state="running")
            return assignment
        return None

    def heard(self, number: int, message: Message) -> str | None:
        """Take in a report; a string is the reason to stop that trial now."""
        if number not in self._running:
            return "this trial was ended"  # a report that was under way when it was
        trial, _, started = self._running[number]
        if message.kind == "final":
            self._complete(trial, message, started)
            return None
        if message.kind == "epoch":
            self._report(trial, message)
        else:
            self._board.post(number, stage=message.stage, done=message.done, total=message.total)
        if self._stop.reason is not None:
            self.released(number, self._stop.reason)
        return self._stop.reason

    def failed(self, number: int, failure: Failure, reason: str) -> None:
        """A trial ended with an error; a lost worker's trial is put back, three times at most."""
        if number not in self._running:
            return
        trial, assignment, started = self._running.pop(number)
        if failure == "lost" and assignment.attempt < MOST_ATTEMPTS:
            self._put_back(trial.params, number, assignment.attempt + 1)
        elif failure != "infeasible":
            self._failures += 1
        self._settle(trial, started, failure, reason)

    def released(self, number: int, reason: str) -> None:
        """Give a running trial back to the study, to be run again when the search goes on."""
        if number not in self._running:
            return
        trial, assignment, started = self._running.pop(number)
        self._put_back(trial.params, number, assignment.attempt)
        self._settle(trial, started, "stopped", reason)

    def adopt(self) -> list[int]:
        """Fail what a dead driver left RUNNING and enqueue a successor of each; their numbers."""
        left = [
            trial
            for trial in self._study.get_trials(deepcopy=False)
            if trial.state == TrialState.RUNNING and trial.number not in self._running
        ]
        for frozen in left:
            attempt = int(frozen.user_attrs.get("attempt", 1))
            reason = "its driver died"
            if attempt < MOST_ATTEMPTS:
                self._put_back(frozen.params, frozen.number, attempt + 1)
                reason += "; a successor is enqueued"
            trial = optuna.Trial(self._study, frozen._trial_id)
            started = frozen.user_attrs.get("started", time.time())
            self._settle(trial, started, "lost", reason)
        return [trial.number for trial in left]

    def _assign(self, trial: optuna.Trial) -> Assignment:
        suggested = self._space.suggest(FixingTrial(trial, self._spec.fixed), self._context)
        overrides = {key: suggested[key] for key in suggested if key not in self._spec.fixed}
        config = make_config({**self._spec.base_config, **overrides})
        fields = config.model_dump(mode="json")
        attempt = int(trial.user_attrs.get("attempt", 1))
        folder = Path(self._spec.folder) / "trials" / f"{trial.number:05d}"
        label = trial_label(trial.params, fields)
        self._note(
            trial,
            label=label,
            config=fields,
            digest=config.digest,
            folder=str(folder),
            attempt=attempt,
            started=time.time(),
            state="running",
        )
        return Assignment(trial.number, label, fields, str(folder), self._spec.trainable, attempt)

    def _report(self, trial: optuna.Trial, message: Message) -> None:
        """Intermediate values belong to the study, where pruners and resumed searches find them."""
        objectives = self._spec.objectives
        value = message.metrics.get(objectives[0].metric)
        if len(objectives) == 1 and value is not None and math.isfinite(value):
            trial.report(value, message.epoch)
        stage = f"epoch {message.epoch}"
        self._board.post(trial.number, stage=stage, done=0, total=0, metrics=message.metrics)

    def _complete(self, trial: optuna.Trial, message: Message, started: float) -> None:
        metrics = message.metrics
        values = [metrics.get(objective.metric, math.nan) for objective in self._spec.objectives]
        if not all(math.isfinite(value) for value in values):
            names = ", ".join(objective.metric for objective in self._spec.objectives)
            self.failed(trial.number, "failed", f"the trial gave no finite value of {names}")
            return
        seconds = time.time() - started
        self._running.pop(trial.number)
        done = {"metrics": dict(metrics), "worker": message.worker, "state": "finished"}
        self._note(trial, **done, reason="", **_span(started, seconds))
        self._study.tell(trial, values)
        self._finished += 1
        self._board.post(trial.number, state="finished", stage="", metrics=metrics, seconds=seconds)

    def _settle(self, trial: optuna.Trial, started: float, failure: Failure, reason: str) -> None:
        """Tell the study a trial that ended without values."""
        infeasible = failure == "infeasible"
        state = _STATE_OF.get(failure, "failed")
        seconds = time.time() - started
        self._note(trial, state=state, reason=reason, **_span(started, seconds))
        # A trial told PRUNED with intermediate values would teach the sampler something; an
        # infeasible one ends before its first epoch, so it has none.
        self._study.tell(trial, state=TrialState.PRUNED if infeasible else TrialState.FAIL)
        self._finished += infeasible
        self._board.post(trial.number, state=state, stage="", reason=reason, seconds=seconds)

    def _put_back(self, params: Mapping[str, Any], number: int, attempt: int) -> None:
        attrs = {"attempt": attempt, "successor_of": number}
        self._study.enqueue_trial(dict(params), user_attrs=attrs)

    def _note(self, trial: optuna.Trial, **attributes: object) -> None:
        for name, value in attributes.items():
            trial.set_user_attr(name, value)


def _span(started: float, seconds: float) -> dict[str, float]:
    return {"ended": started + seconds, "seconds": seconds}
