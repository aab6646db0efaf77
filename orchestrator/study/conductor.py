"""The conductor: the one place where trials are asked of the study and told to it.

Whoever runs trials (this process, Ray, a replay) only calls `next`, `heard`, `failed` and
`released`; it keeps no list of its own. All of it is called from one thread of the driver.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from orchestrator.board import Board
from orchestrator.run.leftovers import forget_checkpoints
from orchestrator.stop import StopRequest
from orchestrator.study.budget import Budget
from orchestrator.study.claims import is_shared, turn
from orchestrator.study.drivers import Heartbeat
from orchestrator.study.duplicates import MOST_REPEATS, TIRED_REPEATS, trailing_repeats
from orchestrator.study.early import EarlyStopper
from orchestrator.study.messages import Assignment, Failure, Message
from orchestrator.study.patience import Patience
from orchestrator.study.samplers import exhausted
from orchestrator.study.sampling import spare_sampler_of
from orchestrator.study.spec import StudySpec
from orchestrator.study.starting import Starter
from orchestrator.study.telling import Running, Teller, Unsuccessful
from search_spaces.errors import OrchestratorError
from search_spaces.space import Space, SpaceContext

MOST_LOSSES = 3  # workers lost in a row without a new epoch: then it is the trial's fault
GIVEN_AWAY = "the study gave this trial to another driver"
ONE_POINT = (
    "every parameter is fixed, and that one trial is done: --duplicates reseed varies its seed"
)
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


class Conductor:
    """Runs one session of one study; see the module's docstring.

    Args:
        study: with its sampler; `adopt` comes first where a driver may have died.
        space, context: where configurations come from.
        board: is told everything that a person may want to see.
        stop: looked at before each new trial and at each report.
        budget: when to end (default: when the study has its trials).
        stopper: stops trials early; None for a study without a pruner.
        heartbeat: where several drivers share the study.
        clock: seconds since 1970; a replay has its own.
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
        budget: Budget | None = None,
        stopper: EarlyStopper | None = None,
        heartbeat: Heartbeat | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._study, self._spec, self._board = study, spec, board
        self._stop, self._clock = stop, clock
        self._budget = budget or Budget(spec.trials, failures_allowed=spec.max_failures)
        self._stopper, self._heartbeat = stopper, heartbeat
        self._patiently = Patience(board, stop)
        self._teller = Teller(study, spec, self._patiently, clock)
        self._starter = Starter(study, spec, space, context, self._teller, clock)
        self._running: dict[int, Running] = {}
        self._spare = spare_sampler_of(spec, space, context)
        self._repeats = trailing_repeats(study)
        self._spent: str | None = None
        self._alone = not is_shared(study)
        self._in_doubt = self._counted = False
        self._patiently(self._count)

    @property
    def running(self) -> int:
        """Trials that are under way in this session."""
        return len(self._running)

    def ending(self) -> str | None:
        """Why no further trial is to start, in words, or None; "" when all are done."""
        if self._stop.reason is not None:
            return self._stop.reason
        if self._spent is not None and not self._running:
            return self._spent
        if self._repeats >= MOST_REPEATS:
            return f"the last {self._repeats} points were known: this space holds hardly any other"
        return self._budget.ending()

    def halting(self) -> str | None:
        """Why running trials are to give way now, or None to let them finish."""
        if self._stop.reason is None and self._spec.on_budget == "checkpoint":
            return "the time budget is used up" if self._budget.is_late() else None
        return self._stop.reason

    def adopt(self) -> list[int]:
        """Put back what a dead driver left RUNNING; their numbers. Only under the study's lock."""
        return self._patiently(self._teller.adopt) if self._alone else []

    def next(self) -> Assignment | None:
        """The next trial to run, or None while (or because) there is none to start."""
        while self.ending() is None:
            with self._drawing():
                trial = self._patiently(self._claim)
                if trial is None:
                    return None
                run = self._started(trial)
            if run is not None:
                self._repeats = 0
                self._running[trial.number] = run
                label = run.assignment.label
                self._post(run, state="running", stage="starting", label=label, reason="")
                return run.assignment
        return None

    def heard(self, number: int, message: Message) -> str | None:
        """Take in a report; a string is the reason to stop that trial now."""
        run = self._running.get(number)
        if run is None:
            return "this trial was ended"  # a report that was under way when it was
        try:
            return self._patiently(lambda: self._take(run, message))
        except UpdateFinishedTrialError:
            self._forget(run)
            self._post(run, state="stopped", stage="", reason=GIVEN_AWAY)
            return GIVEN_AWAY

    def failed(self, number: int, failure: Failure, reason: str) -> None:
        """A trial ended with an error; what happens next is the table in `messages.py`."""
        run = self._running.get(number)
        if run is None:
            return
        if failure == "lost" and (losses := self._losses(run)) < MOST_LOSSES:
            self._give_back(run, "lost", reason, losses=losses)
        elif failure == "memory" and run.assignment.accumulation == 1:
            self._give_back(run, "memory", f"{reason}; once more with half a batch at a time")
        elif failure in ("infeasible", "diverged", "memory"):
            self._end(run, Unsuccessful(TrialState.PRUNED, reason, failure=failure))
        else:
            self._budget.failures += 1
            self._end(run, Unsuccessful(TrialState.FAIL, reason, failure=failure))

    def released(self, number: int, reason: str) -> None:
        """Give a running trial back to the study, to go on when the search does."""
        run = self._running.get(number)
        if run is not None:
            self._give_back(run, "stopped", reason, losses=run.before.losses)

    @contextmanager
    def _drawing(self) -> Iterator[None]:
        """A sampler that comes back to known points again and again gives way to a random draw.

        TPE did so on a grid of 2,400 points of which it had tried 94.
        """
        usual = self._study.sampler
        if self._repeats >= TIRED_REPEATS:
            self._study.sampler = self._spare
        try:
            yield
        finally:
            self._study.sampler = usual

    def _claim(self) -> optuna.Trial | None:
        """A trial that is ours now, or None where there is room for no further one."""
        if self._in_doubt:  # a claim that failed half-way may have left a trial RUNNING
            self._teller.adopt(but=self._running)
        self._in_doubt = self._alone
        trial = self._claim_in_turn()
        self._in_doubt = False
        return trial

    def _claim_in_turn(self) -> optuna.Trial | None:
        with turn(self._study):
            if self._heartbeat is not None:
                self._heartbeat.keep(self._running)
                self._heartbeat.reap()
            under_way = self._count()  # first: it brings `finished` up to date
            if self._budget.finished + under_way >= self._budget.trials:
                return None
            self._spent = self._nothing_new()
            if self._spent is not None:
                return None
            trial = self._study.ask()
            if self._heartbeat is not None:
                self._heartbeat.watch(trial.number, trial._trial_id)
            return trial

    def _nothing_new(self) -> str | None:
        """Why the sampler has no further point, and none waits; a grid that is done, say."""
        reason = exhausted(self._study)
        waiting = reason and self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,))
        return None if waiting else reason

    def _count(self) -> int:
        """Bring the number of finished trials up to date; how many are under way anywhere."""
        if self._alone and self._counted:
            return len(self._running)  # nobody else adds to them: no need to read them all
        self._counted = True
        finished = under_way = 0
        for trial in self._study.get_trials(deepcopy=False):
            if trial.state == TrialState.RUNNING:
                under_way += 1
            elif trial.state in _ENDED and _counts(trial.user_attrs):
                finished += 1
        self._budget.finished = finished
        return under_way

    def _started(self, trial: optuna.Trial) -> Running | None:
        try:
            run = self._patiently(lambda: self._starter.start(trial))
        except OrchestratorError as error:
            self._teller.infeasible(trial, str(error))
            self._budget.finished += 1
            self._unwatch(trial.number)
            self._board.post(trial.number, state="pruned", stage="", reason=str(error))
            return None
        if run is None:
            self._repeats += 1
            self._unwatch(trial.number)
            if not trial.params:
                self._spent = ONE_POINT
        return run

    def _take(self, run: Running, message: Message) -> str | None:
        if message.kind == "final":
            self._complete(run, message)
            return None
        if message.kind == "epoch":
            self._post(
                run, stage=f"epoch {message.epoch}", done=0, total=0, metrics=message.metrics
            )
            self._pace(run, message.epoch)
            early = self._report(run, message)
            if early is not None:
                self._end(run, Unsuccessful(TrialState.PRUNED, early, worker=message.worker))
                return early
        else:
            self._post(run, stage=message.stage, done=message.done, total=message.total)
        reason = self.halting()
        if reason is not None:
            self.released(run.trial.number, reason)
        return reason

    def _pace(self, run: Running, epoch: int) -> None:
        """How far it has come since this session gave it out.

        Nothing is said of heads: features before and attacks after take longer than all epochs.
        """
        earlier = max(run.before.steps, default=0)
        epochs, tune = (run.assignment.config.get(name) for name in ("epochs", "tune"))
        if isinstance(epochs, int) and tune != "head":
            self._board.pace(run.trial.number, epochs=epoch - earlier, of=epochs - earlier)

    def _report(self, run: Running, message: Message) -> str | None:
        """Intermediate values belong to the study, where pruners and resumed searches find them.

        Returns the reason to stop early, or None.
        """
        run.epoch = max(run.epoch, message.epoch)
        gate = self._spec.gate or self._spec.objectives[0]
        value = message.metrics.get(gate.metric)
        if value is None or not math.isfinite(value):
            return None
        if self._stopper is None:
            if len(self._spec.objectives) == 1 and message.epoch not in run.before.steps:
                run.trial.report(value, message.epoch)
            return None
        decision = self._stopper.report(run.trial, message.epoch, value)
        last = run.assignment.config.get("epochs")
        if not decision.stop or (last is not None and message.epoch >= int(last)):
            return None  # a trial that has done all its work has nothing left to save
        if run.stopped_at is None:
            run.stopped_at = message.epoch
        return None if run.exempt else decision.reason

    def _complete(self, run: Running, message: Message) -> None:
        metrics = message.metrics
        wanted = [item.metric for item in self._spec.objectives]
        wanted += [item.metric for item in self._spec.constraints]
        missing = [name for name in wanted if not math.isfinite(metrics.get(name, math.nan))]
        if missing:
            words = f"the trial gave no finite value of {', '.join(dict.fromkeys(missing))}"
            given = ", ".join(sorted(metrics)) or "nothing"
            self.failed(run.trial.number, "failed", f"{words}; it gave {given}")
            return
        self._teller.complete(run, metrics, message.worker)
        if run.assignment.attempt > 1:
            forget_checkpoints(run.assignment)
        self._forget(run)
        self._ended_here(run)
        self._budget.meet(run.trial.number, metrics)
        self._post(run, state="finished", stage="", metrics=metrics, seconds=self._seconds(run))

    def _end(self, run: Running, how: Unsuccessful) -> None:
        self._forget(run)
        self._teller.unsuccessful(run, how)
        forget_checkpoints(run.assignment)
        if how.state == TrialState.PRUNED:
            self._ended_here(run)
        self._post(run, state=how.word, stage="", reason=how.reason, seconds=self._seconds(run))

    def _ended_here(self, run: Running) -> None:
        self._budget.finished += 1
        self._starter.finished.note(run.digest, run.trial.number)

    def _give_back(self, run: Running, word: str, reason: str, *, losses: int = 0) -> None:
        self._forget(run)
        self._spent = None
        self._teller.give_back(run, word, reason, losses=losses)
        self._post(run, state="stopped", stage="", reason=reason, seconds=self._seconds(run))

    def _forget(self, run: Running) -> None:
        self._running.pop(run.trial.number, None)
        self._unwatch(run.trial.number)

    def _losses(self, run: Running) -> int:
        """Losses in a row, this one too; an epoch that was reached since starts the count anew."""
        return 1 if run.epoch > max(run.before.steps, default=0) else run.before.losses + 1

    def _seconds(self, run: Running) -> float:
        return (run.before.seconds or 0.0) + self._clock() - run.began

    def _post(self, run: Running, **changes: object) -> None:
        self._board.post(run.trial.number, **changes)

    def _unwatch(self, number: int) -> None:
        if self._heartbeat is not None:
            self._heartbeat.unwatch(number)


def _counts(user_attrs: Mapping[str, Any]) -> bool:
    """`TrialFacts.counts` of an ended trial, without building all its facts."""
    if "repeat_of" in user_attrs.get("end", {}):
        return False
    return bool(user_attrs.get("origin", {}).get("kind") != "warm_start")
