"""The best trials lie at the end of a range: the best of all may lie beyond it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.results import TrialResult
from search_spaces.parameter import Parameter

_OUTER = 0.05  # share of a range at either end that counts as its edge
_TOP = 3  # trials that are looked at
_AGREE = 2  # of them that must lie there, the best among them
_LEAST = 8  # finished trials below which the best few lie anywhere


def edges(material: Material) -> Iterator[NextStep]:
    """Numbers only, choices that are numbers among them."""
    view = material.view
    if view is None or material.best is None or len(material.ranked) < _LEAST:
        return
    top = [trial for trial in material.ranked[:_TOP] if not material.result.broken(trial)]
    for parameter in view.varied:
        side = _side(parameter, top)
        if side:
            yield _step(parameter, top[0], side)


def _side(parameter: Parameter, top: Sequence[TrialResult]) -> str:
    """`low`, `high` or ""."""
    places = [_place(parameter, trial) for trial in top]
    for side, at in (("low", [p <= _OUTER for p in places]),
                     ("high", [p >= 1 - _OUTER for p in places])):  # fmt: skip
        if at and at[0] and sum(at) >= _AGREE:
            return side
    return ""


def _place(parameter: Parameter, trial: TrialResult) -> float:
    """0 at the low end, 1 at the high end; NaN where there is no such thing."""
    from orchestrator.pictures.parameter_scale import share_of_range

    value = trial.params.get(parameter.name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    if parameter.choices is None:
        return share_of_range(parameter, value)
    numbers = _numbers(parameter)
    if value not in numbers or len(numbers) < _TOP:
        return math.nan
    return numbers.index(value) / (len(numbers) - 1)


def _numbers(parameter: Parameter) -> list[float]:
    held = parameter.choices or ()
    return sorted(c for c in held if isinstance(c, int | float) and not isinstance(c, bool))


def _step(parameter: Parameter, best: TrialResult, side: str) -> NextStep:
    from orchestrator.pictures.parameter_scale import number

    ends = _numbers(parameter) if parameter.choices else [parameter.low, parameter.high]
    end = ends[0] if side == "low" else ends[-1]
    beyond = "below" if side == "low" else "above"
    what = f"Widen the range of {parameter.name} {beyond} {number(end)}"
    why = (
        f"The best trial has {parameter.name} {number(best.params[parameter.name])}, at the {side} "
        f"end of {parameter.range}, and so has another of the best {_TOP}"
    )
    return NextStep("edges", what, why)
