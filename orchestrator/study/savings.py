"""What stopping early saved: epochs that were not run, and about how many seconds they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.study.facts import TrialFacts
    from orchestrator.study.spec import StudySpec


@dataclass(frozen=True)
class Savings:
    """Epochs (steps, for a trainable of one's own) that a study ran and would have run.

    Args:
        stopped: trials that were stopped early.
        planned: epochs of all finished and stopped trials, had each run to its end.
        run: epochs that they ran. More than `planned` where fidelity is whole short runs and
            few were stopped, since a promoted config is trained anew.
        exempt: epochs that exempt trials ran after the pruner would have stopped them: the price
            of the fidelity report.
        seconds: what the epochs saved would have taken, at the pace of the finished trials; None
            where no trial of that pace is known.
    """

    stopped: int
    planned: int
    run: int
    exempt: int
    seconds: float | None

    @property
    def saved(self) -> int:
        """Epochs not run; negative where stopping early cost more than it saved."""
        return self.planned - self.run

    @property
    def share(self) -> float:
        """`saved` as a share of `planned`; 0 where nothing was planned."""
        return self.saved / self.planned if self.planned else 0.0


def savings(trials: Sequence[TrialFacts], spec: StudySpec) -> Savings:
    """What stopping early saved in these trials; infeasible and diverged ones are left out."""
    ended = [trial for trial in trials if trial.counts and _to_its_end_or_stopped(trial)]
    most = max((step for trial in ended for step in trial.steps), default=0)
    planned = {trial.number: _planned(trial, spec, most) for trial in ended}
    run = sum(_run(trial, spec, planned[trial.number]) for trial in ended)
    exempt = sum(
        planned[trial.number] - _until(trial, spec, trial.stopped_at)
        for trial in ended
        if trial.exempt and trial.stopped_at is not None
    )
    total = sum(planned.values())
    pace = _seconds_an_epoch(ended, spec, planned)
    return Savings(
        stopped=sum(trial.state == "pruned" for trial in ended),
        planned=total,
        run=run,
        exempt=exempt,
        seconds=None if pace is None else pace * (total - run),
    )


def _to_its_end_or_stopped(trial: TrialFacts) -> bool:
    return trial.state == "finished" or trial.stopped_at is not None


def _planned(trial: TrialFacts, spec: StudySpec, most: int) -> int:
    """Epochs of the whole trial: its config's, else the most steps that any trial reached."""
    epochs = trial.config.get("epochs") if spec.has_images else None
    return epochs if isinstance(epochs, int) and epochs > 0 else most


def _run(trial: TrialFacts, spec: StudySpec, planned: int) -> int:
    if trial.state == "pruned":
        return _until(trial, spec, trial.stopped_at)
    if spec.fidelity == "runs":
        return planned + sum(step for step in trial.steps if step < planned)
    return planned


def _until(trial: TrialFacts, spec: StudySpec, step: int | None) -> int:
    """Epochs run up to `step`; whole short runs are each run from the start, so they add up."""
    last = step or 0
    if spec.fidelity != "runs":
        return last
    return sum({*(rung for rung in trial.steps if rung <= last), last})


def _seconds_an_epoch(
    ended: Sequence[TrialFacts], spec: StudySpec, planned: dict[int, int]
) -> float | None:
    """The pace of finished trials; that of stopped ones holds their whole start-up.

    Successors are left out: their seconds are those of their last part alone.
    """
    timed = [
        (trial.seconds, _run(trial, spec, planned[trial.number]))
        for trial in ended
        if trial.state == "finished" and trial.seconds and trial.origin != "successor"
    ]
    epochs = sum(count for _, count in timed)
    return sum(seconds for seconds, _ in timed) / epochs if epochs else None
