"""Where the values of a parameter lie along its range, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from orchestrator.pictures.scales import shortened
from search_spaces.exploring import Parameter


def share_of_range(parameter: Parameter, value: Any) -> float:
    """0 at the low end (the first choice), 1 at the high end; NaN for a value outside."""
    if parameter.choices is not None:
        return _index(parameter, value) / max(1, len(parameter.choices) - 1)
    (low, high), here = bounds(parameter), axis_value(parameter, value)
    return (here - low) / (high - low) if high > low else 0.5


def axis_value(parameter: Parameter, value: Any) -> float:
    """The value as a number that is spread evenly: a choice's index, the decimal logarithm."""
    if parameter.choices is not None:
        return _index(parameter, value)
    if parameter.log:
        return math.log10(value) if value > 0 else math.nan
    return float(value)


def bounds(parameter: Parameter) -> tuple[float, float]:
    """The range in terms of `axis_value`."""
    if parameter.choices is not None:
        return 0.0, float(len(parameter.choices) - 1)
    return axis_value(parameter, parameter.low), axis_value(parameter, parameter.high)


def ticks(parameter: Parameter, *, most_letters: int = 18) -> list[tuple[float, str]]:
    """Pairs of a share of the range and what is written there; both ends of a number are."""
    if parameter.choices is not None:
        return [
            (share_of_range(parameter, choice), shortened(str(choice), most_letters))
            for choice in parameter.choices
        ]
    return [(share_of_range(parameter, value), number(value)) for value in tick_values(parameter)]


def tick_values(parameter: Parameter) -> list[float]:
    """Both ends of a number's range, and round values between."""
    return [parameter.low, *_between(parameter), parameter.high]


def number(value: float) -> str:
    """A parameter's value as it is in a trial's label: `512`, `0.3`, `1e-4`."""
    if value == 0 or 0.01 <= abs(value) < 100_000:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    mantissa, exponent = f"{value:.1e}".split("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent)}"


def value_text(parameter: Parameter, params: Mapping[str, Any]) -> str:
    """A trial's value in full; "none" where its branch of the space does without."""
    if parameter.name not in params:
        return "none"
    value = params[parameter.name]
    return str(value) if parameter.choices is not None else number(value)


def _between(parameter: Parameter) -> list[float]:
    """Round values inside the range, none too near to its ends."""
    from matplotlib.ticker import MaxNLocator

    low, high = bounds(parameter)
    if parameter.log:
        decades = range(math.floor(low), math.floor(high) + 1)
        apart = max(1, len(decades) // 5)
        steps = (1, 2, 5) if high - low < 2 else (1,)
        inside = [place + math.log10(step) for place in decades[::apart] for step in steps]
    else:
        inside = list(MaxNLocator(4, integer=parameter.integer).tick_values(low, high))
    margin = 0.09 * (high - low)
    kept = [place for place in inside if low + margin < place < high - margin]
    return [10**place if parameter.log else place for place in kept]


def _index(parameter: Parameter, value: Any) -> float:
    choices = parameter.choices or ()
    return float(choices.index(value)) if value in choices else math.nan
