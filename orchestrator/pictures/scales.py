"""How the values of a metric are written, and its axis marked, in Matplotlib and in Plotly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from orchestrator.views.numbers import duration, metric, percent, plain

if TYPE_CHECKING:
    from matplotlib.axis import XAxis, YAxis

Kind = Literal["share", "seconds", "plain"]


@dataclass(frozen=True)
class MetricScale:
    """A metric and what its values are.

    Args:
        log: whether its axis is logarithmic: a loss that falls from 500 to 0.01 is a line of
            zeros else.
    """

    name: str
    kind: Kind
    log: bool = False

    def text(self, value: float | None) -> str:
        """A value with its unit: `84.8 %`, `5m12s`, `0.0031`."""
        if self.kind == "share":
            return f"{percent(value)} %"
        return duration(value) if self.kind == "seconds" else plain(value)

    def mark(self, axis: XAxis | YAxis) -> None:
        """Write the ticks of a Matplotlib axis."""
        from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

        if self.kind == "share":
            axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
        elif self.log:
            axis.axes.set(**{f"{axis.axis_name}scale": "log"})
        elif self.kind == "seconds":
            axis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 1.5, 3, 6, 10]))
            axis.set_major_formatter(FuncFormatter(lambda value, _: duration(value)))

    @property
    def plotly(self) -> dict[str, Any]:
        """Options of a Plotly axis."""
        if self.kind == "share":
            return {"tickformat": ".3~p", "hoverformat": ".2%"}
        if self.kind == "seconds":
            return {"ticksuffix": " s"}
        return {"exponentformat": "e", **({"type": "log"} if self.log else {})}

    def limits(self, values: Sequence[float]) -> tuple[float, float] | None:
        """Where the axis should end; None where the whole range can be shown."""
        if not self.log:
            return view_limits(values)
        found = view_limits([math.log10(value) for value in values])
        return None if found is None else (10 ** found[0], 10 ** found[1])

    def plotly_range(self, values: Sequence[float]) -> tuple[float, float] | None:
        """The same in Plotly's terms, which are logarithms on such an axis."""
        found = self.limits(values)
        if found is None or not self.log:
            return found
        return math.log10(found[0]), math.log10(found[1])


def metric_scale(name: str, values: Iterable[float]) -> MetricScale:
    """The scale of a metric by its public name.

    A trainable of somebody's own may call anything a score, so a share lies in [0, 1] as well.
    """
    held = [value for value in values if math.isfinite(value)]
    # `metric` alone knows which names are shares and which are spans of time.
    if metric(name, 0.5) == percent(0.5) and all(0 <= value <= 1 for value in held):
        return MetricScale(name, "share")
    if metric(name, 60.0) == duration(60.0):
        return MetricScale(name, "seconds")
    return MetricScale(name, "plain", log=_spans_decades(held))


def _spans_decades(values: Sequence[float]) -> bool:
    """Whether all are above 0, and the middle 80 % of them differ by a factor over 30."""
    from statistics import quantiles

    if len(values) < 3 or min(values) <= 0:
        return False
    tenths = quantiles(values, n=10, method="inclusive")
    return tenths[-1] > 30 * tenths[0]


@dataclass(frozen=True)
class TimeUnit:
    """The unit of a time axis."""

    name: str
    seconds: float


def time_unit(seconds: float) -> TimeUnit:
    """The unit in which a span of `seconds` reads best."""
    for name, size, most in (("seconds", 1, 180), ("minutes", 60, 120), ("hours", 3600, 72)):
        if seconds <= most * size:
            return TimeUnit(name, size)
    return TimeUnit("days", 86_400)


def view_limits(values: Sequence[float]) -> tuple[float, float] | None:
    """Where an axis should end if a few values lie so far out that the rest would be a line.

    None where the whole range can be shown: what lies within 10 times the middle half's width of
    that half takes up more than a twentieth of it.
    """
    from statistics import quantiles

    if len(values) < 8:
        return None
    lower, _, upper = quantiles(values, n=4, method="inclusive")
    reach = 10 * (upper - lower)
    inside = [value for value in values if lower - reach <= value <= upper + reach]
    width = max(inside) - min(inside)
    if width == 0 or width > 0.05 * (max(values) - min(values)):
        return None
    margin = 0.05 * width
    return min(inside) - margin, max(inside) + margin


def beyond_words(values: Sequence[float], limits: tuple[float, float]) -> str:
    """Says how many of `values` lie outside `limits`."""
    low, high = limits
    beyond = sum(not low <= value <= high for value in values)
    return f"{beyond} trial{'' if beyond == 1 else 's'} beyond this axis"


def shortened(text: str, most: int = 18) -> str:
    """`text` with its middle left out: names of nets differ at their ends."""
    if len(text) <= most:
        return text
    tail = (most - 1) // 2
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"
