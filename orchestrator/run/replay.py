"""Replays searches whose trials' results are known, on a fake clock: no Ray, no files, no waiting.

The engine's own `Conductor` decides everything; what is simulated is when a worker's reports come
in. So a thousand searches over a table of real results take minutes.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import optuna

from orchestrator.board import Board
from orchestrator.stop import StopRequest
from orchestrator.study.budget import Budget
from orchestrator.study.conductor import Conductor
from orchestrator.study.context import study_context
from orchestrator.study.filling import fill
from orchestrator.study.messages import Assignment, Message
from orchestrator.study.sampling import sampler_of, stopper_of
from orchestrator.study.spec import StudySpec
from search_spaces.space import Space


@dataclass(frozen=True)
class Step:
    """A message of a simulated trial, and the worker's seconds that came before it."""

    seconds: float
    message: Message


@dataclass(frozen=True)
class Recorded:
    """What a config gave when it was really run.

    Args:
        epochs: figures after each epoch of the full run, the first one first.
        short: final figures of whole short runs, by their number of epochs.
    """

    epochs: Sequence[Mapping[str, float]]
    short: Mapping[int, Mapping[str, float]] = field(default_factory=dict)

    def steps(self, assignment: Assignment) -> Iterator[Step]:
        """The messages of a trial as an attempt sends them; an epoch takes a second.

        Raises:
            KeyError: a short run is asked for that was not recorded.
        """
        full = len(self.epochs)
        if assignment.rungs:
            for rung in (each for each in sorted(set(assignment.rungs)) if each < full):
                yield Step(rung, Message("epoch", epoch=rung, metrics=self.short[rung]))
            yield Step(full, Message("epoch", epoch=full, metrics=self.epochs[-1]))
        else:
            for epoch, metrics in enumerate(self.epochs, 1):
                yield Step(1, Message("epoch", epoch=epoch, metrics=metrics))
        yield Step(0, Message("final", metrics=self.epochs[-1]))


@dataclass(frozen=True)
class Heard:
    """One message, as it came in.

    Args:
        seconds: of the fake clock.
        work: seconds of all workers up to now, of what was heard.
        stopped: why the trial was stopped then, or None.
    """

    seconds: float
    work: float
    assignment: Assignment
    message: Message
    stopped: str | None


class FakeClock:
    """Seconds that pass when the replay says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def replayed_study(spec: StudySpec, space: Space) -> optuna.Study:
    """A study in memory with the spec's sampler, filled with what comes first."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    directions = [objective.direction for objective in spec.objectives]
    study = optuna.create_study(study_name=spec.name, directions=directions)
    context = study_context(spec)
    fill(study, spec, space, context)
    study.sampler = sampler_of(spec, space, context)
    return study


def replay(
    study: optuna.Study,
    spec: StudySpec,
    space: Space,
    play: Callable[[Assignment], Iterator[Step]],
    *,
    workers: int = 1,
    trials: int | None = None,
    most_work: float = math.inf,
) -> Iterator[Heard]:
    """Run the search; close it to end it early.

    Args:
        study: of `replayed_study`.
        play: the steps of a trial, the last one `final`.
        workers: trials at a time.
        trials: that end the search (default: the spec's).
        most_work: seconds of all workers that end it.

    Raises:
        ValueError: a trial's steps ended without a `final`.
    """
    clock = FakeClock()
    conductor = Conductor(
        study,
        spec,
        space,
        study_context(spec),
        board=Board(spec.name, total=spec.trials, metric=spec.objectives[0].metric),
        stop=StopRequest(),
        budget=Budget(trials or spec.trials, failures_allowed=spec.max_failures, clock=clock),
        stopper=stopper_of(study, spec),
        clock=clock,
    )
    return _events(conductor, clock, play, workers, most_work)


def _events(
    conductor: Conductor,
    clock: FakeClock,
    play: Callable[[Assignment], Iterator[Step]],
    workers: int,
    most_work: float,
) -> Iterator[Heard]:
    ahead: list[tuple[float, int, Step, Assignment, Iterator[Step]]] = []
    order = itertools.count()  # of two messages at the same moment, the first one sent comes first
    work = 0.0

    def send(assignment: Assignment, steps: Iterator[Step]) -> None:
        step = next(steps, None)
        if step is None:
            raise ValueError(f"the steps of trial {assignment.number} ended without a final one")
        heapq.heappush(ahead, (clock.now + step.seconds, next(order), step, assignment, steps))

    while work < most_work:
        while len(ahead) < workers and (assignment := conductor.next()) is not None:
            send(assignment, play(assignment))
        if not ahead:
            return
        clock.now, _, step, assignment, steps = heapq.heappop(ahead)
        work += step.seconds
        reason = conductor.heard(assignment.number, step.message)
        yield Heard(clock.now, work, assignment, step.message, reason)
        if reason is None and step.message.kind != "final":
            send(assignment, steps)


def replay_spec(name: str, space: Space, *, trials: int, seed: int, **fields: Any) -> StudySpec:
    """A spec for a replay, with what only a real search needs left empty.

    Args:
        fields: of StudySpec; objectives are the space's unless they are given.
    """
    made: dict[str, Any] = {
        "objectives": [
            {"metric": each.metric, "direction": each.direction} for each in space.objectives
        ],
        "trainable": "replayed:results",
        "folder": Path("/nowhere"),
        **fields,
    }
    return StudySpec(
        name=name,
        space=space.name,
        space_version=space.version,
        space_question=space.question,
        trials=trials,
        seed=seed,
        tracking_uri="",
        experiment="",
        created=0.0,
        **made,
    )
