"""Runs trials as Ray Tune trials. Ray places and watches them; the study decides everything.

Three thin adapters sit between Ray and the conductor: a searcher that only asks, a scheduler that
only hands on reports (and stops what the conductor wants stopped), and a stopper for Ctrl-C.
"""

from __future__ import annotations

import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ray import tune
from ray.tune import CheckpointConfig, FailureConfig, RunConfig
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from ray.tune.stopper import Stopper

from orchestrator.run.attempt import read_failure
from orchestrator.run.worker import TrialWorker
from orchestrator.study.conductor import Conductor
from orchestrator.study.messages import Assignment

_LOOK_AGAIN = 0.5  # seconds


def run_on_ray(
    conductor: Conductor,
    folder: Path,
    *,
    concurrency: int,
    cpus_per_trial: float,
    gpus_per_trial: float,
) -> None:
    """Run trials on the Ray session that is open, until the conductor has no more.

    Args:
        folder: the study's; Ray's own files live in it and go when the session ends.
    """
    desk = _Desk(conductor, concurrency)
    ray_folder = folder / "ray" / str(time.time_ns())  # several drivers may share the study's
    resources = {"cpu": cpus_per_trial, "gpu": gpus_per_trial}
    tuner = tune.Tuner(
        tune.with_resources(TrialWorker, resources),
        tune_config=tune.TuneConfig(
            search_alg=_AskingSearcher(desk),
            scheduler=_ReportingScheduler(desk),
            num_samples=-1,
            reuse_actors=True,
        ),
        run_config=RunConfig(
            name="session",
            storage_path=str(ray_folder),
            verbose=0,
            stop=_PoliteStopper(desk),
            failure_config=FailureConfig(max_failures=0),
            checkpoint_config=CheckpointConfig(checkpoint_at_end=False),
        ),
    )
    try:
        tuner.fit()
    finally:
        shutil.rmtree(ray_folder, ignore_errors=True)
        with suppress(OSError):  # another driver's session lies beside it
            ray_folder.parent.rmdir()


class _Desk:
    """What the adapters share: the conductor, and which Ray trial is which trial of the study.

    Ray pickles its searcher and scheduler into the experiment's folder; nothing of the study (its
    address, its password) goes along, and nothing is ever restored from there.
    """

    def __init__(self, conductor: Conductor, concurrency: int) -> None:
        self.conductor = conductor
        self.concurrency = concurrency
        self.assignments: dict[str, Assignment] = {}
        self._not_before = 0.0

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (object, ())

    def may_ask(self) -> bool:
        """Whether a further trial could run; Ray asks many times a second."""
        free = self.conductor.running < self.concurrency
        return free and time.monotonic() >= self._not_before

    def wait(self) -> None:
        """Nothing to start now; unless a trial here ends, look again in a moment."""
        self._not_before = time.monotonic() + _LOOK_AGAIN

    def something_ended(self) -> None:
        """There may be room again."""
        self._not_before = 0.0

    def release_all(self, reason: str) -> None:
        for assignment in self.assignments.values():
            self.conductor.released(assignment.number, reason)


class _AskingSearcher(Searcher):
    """Ray's way to ask the study for the next trial."""

    def __init__(self, desk: _Desk) -> None:
        super().__init__()
        self._desk = desk

    def set_search_properties(
        self, metric: str | None, mode: str | None, config: dict[str, Any], **spec: Any
    ) -> bool:
        """Called by Ray at the start; the study has its own objectives."""
        del metric, mode, config, spec
        return True

    def suggest(self, trial_id: str) -> Any:
        """Called by Ray when it could queue a trial; None is "not now", FINISHED "no more"."""
        conductor = self._desk.conductor
        if self._desk.may_ask():
            assignment = conductor.next()
            if assignment is not None:
                self._desk.assignments[trial_id] = assignment
                return {"assignment": assignment}
            self._desk.wait()
        if conductor.ending() is not None and conductor.running == 0:
            return Searcher.FINISHED
        return None

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Called by Ray at a trial's end; the scheduler is what tells the study."""
        del trial_id, result, error

    def save(self, checkpoint_path: str) -> None:
        """Called by Ray with each snapshot: there is nothing to save."""
        Path(checkpoint_path).touch()

    def restore(self, checkpoint_path: str) -> None:
        """Never called: each session asks the study what is left to do."""
        raise RuntimeError(f"a search goes on from its study, not from {checkpoint_path}")


class _ReportingScheduler(FIFOScheduler):
    """Ray's way to tell the study what its trials report, fail of, and end with."""

    def __init__(self, desk: _Desk) -> None:
        super().__init__()
        self._desk = desk

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Called by Ray for every report but a final one."""
        del tune_controller
        reason = self._hear(trial, result)
        return TrialScheduler.CONTINUE if reason is None else TrialScheduler.STOP

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Called by Ray with the final report, and once more for a trial that was stopped."""
        del tune_controller
        self._hear(trial, result)
        self._desk.something_ended()

    def on_trial_error(self, tune_controller: Any, trial: Any) -> None:
        """Called by Ray when a trial raised or its worker was lost."""
        del tune_controller
        assignment = self._desk.assignments.get(trial.trial_id)
        if assignment is not None:
            self._desk.conductor.failed(assignment.number, *read_failure(assignment.folder))
            self._desk.something_ended()

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        """Called by Ray after every event. Its own way looks through all that have ended, too."""
        live = tune_controller.get_live_trials()
        waiting = (trial for trial in live if trial.status in (Trial.PENDING, Trial.PAUSED))
        return min(waiting, key=lambda trial: str(trial.trial_id), default=None)

    def _hear(self, trial: Any, result: dict[str, Any]) -> str | None:
        assignment = self._desk.assignments.get(trial.trial_id)
        if assignment is None:
            return None
        for message in result.get("messages", ()):
            reason = self._desk.conductor.heard(assignment.number, message)
            if reason is not None:
                return reason
        return None


class _PoliteStopper(Stopper):
    """Ends the session at once when a stop was asked for; what was running goes back."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return (object, ())

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Called by Ray for each report: the scheduler decides about single trials."""
        del trial_id, result
        return False

    def stop_all(self) -> bool:
        """Called by Ray between two events."""
        reason = self._desk.conductor.halting()
        if reason is None:
            return False
        self._desk.release_all(reason)
        return True
