"""Slices: each objective over each parameter."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.marks import Kind, kind_of
from orchestrator.pictures.parameter_scale import axis_value
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.sample import sample_words, sampled
from orchestrator.pictures.scales import MetricScale, metric_scale
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from search_spaces.exploring import Parameter
from trainables.pictures.style import png

LEAST = 3
MOST_PANELS = 24
MOST_POINTS = 400
"""A panel's points in the page, which a browser draws one by one."""

_COLUMNS, _COLUMNS_OF_MANY = 4, 6  # at most, with one objective and with several
_JITTER = 0.18  # of the room of a choice, to each side


@dataclass(frozen=True)
class Dot:
    """A trial in a panel.

    Args:
        x: a number as it is; of a choice its index, moved a little so that dots lie apart.
    """

    x: float
    value: float
    kind: Kind
    trial: TrialFacts


@dataclass(frozen=True)
class Slice:
    """One panel: an objective over a parameter.

    Args:
        limits: where the axis of the objective ends, if not at its extremes.
        first: whether it is the first of its line, and names the objective.
    """

    parameter: Parameter
    scale: MetricScale
    dots: tuple[Dot, ...]
    limits: tuple[float, float] | None
    first: bool = False


def draw_slices(view: StudyView) -> Picture | None:
    """The picture; None with fewer than three finished trials or without a parameter."""
    from orchestrator.pictures.slices_html import interactive_slices
    from orchestrator.pictures.slices_png import static_slices

    parameters = _chosen(view)
    if len(view.scored) < LEAST or not parameters:
        return None
    metrics = ", ".join(objective.metric for objective in view.spec.objectives)
    title = f"Slices: {metrics} by parameter"
    left_out = len(view.varied) - len(parameters)
    words = f"the {len(parameters)} most important of {len(view.varied)} parameters" * bool(
        left_out
    )
    static = static_slices(view, _lines(view, view.scored, parameters), title, words)
    some = sampled(view.scored, view.spec, MOST_POINTS)
    note = "; ".join(each for each in (words, sample_words(len(some), len(view.scored))) if each)
    moving = interactive_slices(view, _lines(view, some, parameters))
    return Picture("slices", title, png(static), fragment(moving, "slices", note))


def _chosen(view: StudyView) -> tuple[Parameter, ...]:
    """All parameters, or the most important if they are too many."""
    most = max(_COLUMNS_OF_MANY, MOST_PANELS // len(view.spec.objectives))
    found = view.importances if len(view.varied) > most else None
    if found is None:
        return view.varied[:most]
    return tuple(view.parameters[name] for name in found.names[:most])


def _lines(
    view: StudyView, trials: Sequence[TrialFacts], parameters: Sequence[Parameter]
) -> list[list[Slice]]:
    """The panels by line; an objective begins a new one, and its lines are about equally long."""
    most = _COLUMNS if len(view.spec.objectives) == 1 else _COLUMNS_OF_MANY
    columns = math.ceil(len(parameters) / math.ceil(len(parameters) / most))
    starts = range(0, len(parameters), columns)
    return [
        [
            _slice(view, trials, parameter, place, first=column == 0)
            for column, parameter in enumerate(parameters[start : start + columns])
        ]
        for place in range(len(view.spec.objectives))
        for start in starts
    ]


def _slice(
    view: StudyView, trials: Sequence[TrialFacts], parameter: Parameter, place: int, *, first: bool
) -> Slice:
    jitter = random.Random(0)
    dots = []
    for trial in trials:
        x = axis_value(parameter, trial.params.get(parameter.name, math.nan))
        moved = jitter.uniform(-_JITTER, _JITTER) if parameter.choices is not None else 0.0
        if math.isfinite(x):
            at = 10**x if parameter.log else x + moved
            dots.append(Dot(at, trial.values[place], kind_of(trial, view), trial))
    # The same for all panels of an objective, whichever trials have the parameter.
    values = [trial.values[place] for trial in trials]
    scale = metric_scale(view.spec.objectives[place].metric, values)
    limits = scale.limits(values) or _around(values, scale)
    return Slice(parameter, scale, tuple(dots), limits, first)


def _around(values: Sequence[float], scale: MetricScale) -> tuple[float, float] | None:
    low, high = min(values), max(values)
    if scale.log:
        margin = (high / low) ** 0.05
        return low / margin, high * margin
    margin = 0.05 * (high - low)
    return (low - margin, high + margin) if margin > 0 else None
