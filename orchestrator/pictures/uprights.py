"""The axes of parallel coordinates, and where each trial crosses them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.pictures.parameter_scale import share_of_range, tick_values, ticks
from orchestrator.pictures.scales import metric_scale
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from search_spaces.exploring import Parameter

NONE = -0.12  # where a line goes that has no value on an axis


@dataclass(frozen=True)
class Upright:
    """One axis: where each trial crosses it, 0 at its foot and 1 at its top; `NONE` below it."""

    name: str
    places: tuple[float, ...]
    ticks: tuple[tuple[float, str], ...]


def uprights(view: StudyView, trials: Sequence[TrialFacts]) -> tuple[Upright, ...]:
    """An axis for each objective, then one for each parameter with a choice."""
    objectives = [
        _of_metric(objective.metric, [trial.values[place] for trial in trials])
        for place, objective in enumerate(view.spec.objectives)
    ]
    return (*objectives, *(_of_parameter(each, trials) for each in view.varied))


def _of_metric(name: str, values: Sequence[float]) -> Upright:
    scale = metric_scale(name, values)
    low, high = scale.limits(values) or (min(values), max(values))
    as_range = Parameter(name, low=low, high=high, log=scale.log)
    marked = [(share_of_range(as_range, each), scale.text(each)) for each in _round(as_range)]
    if max(values) > high:
        marked.append((1.0, f"over {scale.text(high)}"))
    if min(values) < low:
        marked.insert(0, (0.0, f"under {scale.text(low)}"))
    places = tuple(share_of_range(as_range, min(high, max(low, value))) for value in values)
    return Upright(name, places, tuple(marked))


def _round(as_range: Parameter) -> list[float]:
    """Round values in the range; of a range of one value, that."""
    from matplotlib.ticker import MaxNLocator

    low, high = as_range.low, as_range.high
    if as_range.log or high <= low:
        return tick_values(as_range) if high > low else [low]
    return [each for each in MaxNLocator(5).tick_values(low, high) if low <= each <= high]


def _of_parameter(parameter: Parameter, trials: Sequence[TrialFacts]) -> Upright:
    shares = [
        share_of_range(parameter, trial.params[parameter.name])
        if parameter.name in trial.params
        else math.nan
        for trial in trials
    ]
    missing = any(math.isnan(share) for share in shares)
    marked = [*([(NONE, "none")] if missing else []), *ticks(parameter, most_letters=16)]
    places = tuple(NONE if math.isnan(share) else share for share in shares)
    return Upright(parameter.name, places, tuple(_apart(marked)))


def _apart(marked: Sequence[tuple[float, str]], most: int = 14) -> list[tuple[float, str]]:
    """Not more ticks than an axis has room for."""
    step = -(-len(marked) // most)
    return list(marked[::step])
