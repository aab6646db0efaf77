"""Label curves as a figure: points, means, laws; dashed is extrapolated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from orchestrator.label_curves import LabelCurve
from orchestrator.pictures.label_curves import STYLES, drawn_law, panels, points
from orchestrator.pictures.scales import MetricScale
from orchestrator.views.numbers import count
from trainables.pictures.style import GREY, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TICKS = [step * 10**power for power in range(6) for step in (1, 2, 5)]
_HOW = "small: each trial, large: means; lines: error a + b n^-c with 95 % bands, dashed: beyond"


def static_label_curves(curves: Sequence[LabelCurve], title: str) -> Figure:
    """A panel a backbone, with axes in common."""
    parts = panels(curves)
    figure = new_figure(max(9.0, 6.5 * len(parts)), 5.8, title, figures=_HOW)
    row = figure.subplots(1, len(parts), squeeze=False, sharex=True, sharey=True)[0]
    names: dict[str, tuple[str, str]] = {}
    for axes, (name, held) in zip(row, parts, strict=True):
        for curve in held:
            key = curve.strategy if len(parts) > 1 else curve.name
            style = names.setdefault(key, STYLES[len(names) % len(STYLES)])
            _draw(axes, curve, *style)
        tidy(axes, name, x="labels", y="validation accuracy" if axes is row[0] else "")
        _mark(axes)
    handles = [
        Line2D([], [], color=colour, marker=marker, label=shown(name))
        for name, (colour, marker) in names.items()
    ]
    figure.legend(handles=handles, frameon=False, loc="outside lower left", ncols=4)
    return figure


def _draw(axes: Axes, curve: LabelCurve, colour: str, marker: str) -> None:
    sizes, values = zip(*points(curve), strict=True)
    axes.scatter(sizes, values, s=14, color=colour, marker=marker, alpha=0.45, linewidths=0)
    axes.scatter(
        curve.sizes_S, curve.means_S, s=44, color=colour, marker=marker, edgecolors="white",
        linewidths=0.8, zorder=3,
    )  # fmt: skip
    law = drawn_law(curve)
    if law is None:
        axes.plot(curve.sizes_S, curve.means_S, color=colour, linewidth=0.9, linestyle=":")
        return
    axes.fill_between(law.sizes_S, law.low_S, law.high_S, color=colour, alpha=0.13, linewidth=0)
    inside = law.inside_S
    axes.plot(law.sizes_S[inside], law.accuracy_S[inside], color=colour, linewidth=1.6)
    beyond = law.sizes_S >= law.sizes_S[inside][-1]
    axes.plot(law.sizes_S[beyond], law.accuracy_S[beyond], color=colour, linestyle="--")
    if beyond.sum() > 1:
        axes.axvline(curve.most, color=GREY, linewidth=0.7, linestyle=":")


def _mark(axes: Axes) -> None:
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    axes.xaxis.set_major_locator(FixedLocator([tick for tick in _TICKS if low <= tick <= high]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: count(round(value))))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(axis="x", labelrotation=30)
    MetricScale("val_acc", "share").mark(axes.yaxis)
