"""The numbers of `history` and `history_time`: trials as points, and the best of them so far.

One panel an objective. Only trials that hold the constraints can be the best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.pictures.marks import Kind, kind_of
from orchestrator.pictures.scales import MetricScale, metric_scale
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import ObjectiveSpec

Place = Callable[[TrialFacts], float]


@dataclass(frozen=True)
class Point:
    """A trial where it lies."""

    x: float
    value: float
    kind: Kind
    trial: TrialFacts


@dataclass(frozen=True)
class Track:
    """One objective over a study: its points, and the steps of the best so far."""

    objective: ObjectiveSpec
    scale: MetricScale
    points: tuple[Point, ...]
    best: tuple[Point, ...]

    @property
    def values(self) -> list[float]:
        """Of all points."""
        return [point.value for point in self.points]

    def line(self, end: float) -> tuple[list[float], list[float]]:
        """The best so far as a line of steps that goes on until `end`."""
        xs, values = [point.x for point in self.best], [point.value for point in self.best]
        return [*xs, max([end, *xs])], [*values, *values[-1:]]


def best_so_far(view: StudyView, x: Place) -> tuple[Track, ...]:
    """A track an objective; `x` says where a trial lies."""
    return tuple(
        _track(view, objective, place, x) for place, objective in enumerate(view.spec.objectives)
    )


def _track(view: StudyView, objective: ObjectiveSpec, place: int, x: Place) -> Track:
    points = [
        Point(x(trial), trial.values[place], kind_of(trial, view), trial) for trial in view.scored
    ]
    stopped = [(trial, view.last_gate_value(trial)) for trial in view.runs]
    points += [
        Point(x(trial), value, "stopped", trial) for trial, value in stopped if value is not None
    ]
    points.sort(key=lambda point: (point.x, point.trial.number))
    scale = metric_scale(objective.metric, [point.value for point in points])
    return Track(objective, scale, tuple(points), _steps(points, objective))


def _steps(points: Sequence[Point], objective: ObjectiveSpec) -> tuple[Point, ...]:
    """The points that were better than all before; a warm start's are not this study's own."""
    sign = 1 if objective.direction == "maximize" else -1
    steps: list[Point] = []
    for point in points:
        if point.kind == "finished" and (not steps or sign * point.value > sign * steps[-1].value):
            steps.append(point)
    return tuple(steps)
