"""The best few trials in one picture: how they learned, and how they bear an attack.

Shapes: T steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator

from orchestrator.pictures.scales import MetricScale, metric_scale
from trainables.pictures.style import BLUE, GREEN, ORANGE, finite, new_figure, shown, tidy
from trainables.reports import RobustnessCurve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The first three and two more of Okabe and Ito's colours; each line has a marker of its own.
_STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "v"), ("#AA4499", "D"), ("#7A6000", "^"))
MOST = len(_STYLES)
_MARKS = 8  # markers on a line, about: enough to tell it by, not so many that they are the line


@dataclass(frozen=True)
class Line:
    """One trial's figure by step; `beside` is drawn dotted in the same colour."""

    steps: tuple[float, ...]
    values: tuple[float | None, ...]
    beside: tuple[float | None, ...] = ()


@dataclass(frozen=True)
class Panel:
    """A figure of several trials by step.

    Args:
        metric: public name of what the solid lines are.
        beside: what the dotted lines are; empty without any.
        lines: in the order of the labels; None for a trial without this figure.
    """

    metric: str
    beside: str
    lines: tuple[Line | None, ...]


def draw_learning(panels: Sequence[Panel], labels: Sequence[str], *, unit: str) -> Figure:
    """A panel a figure, side by side; the labels below all of them.

    Args:
        unit: of the steps: `epoch` or `step`.
    """
    title = "How the best trials learned"
    figure = new_figure(11, 4.6 + 0.28 * len(labels), title)
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, panel in zip(row, panels, strict=True):
        _draw_panel(axes, panel, unit)
    _name_lines(figure, labels)
    return figure


def draw_robustness(curves: Sequence[RobustnessCurve], labels: Sequence[str]) -> Figure:
    """Worst-case accuracy over epsilon, a line a trial; epsilons as far apart as their order."""
    count = max(curve.count for curve in curves)
    title = "Accuracy under attack, the worst case up to each epsilon"
    figures = f"validation images, n = {count:,}"
    figure = new_figure(11, 4.8 + 0.28 * len(labels), title, figures=figures)
    axes = figure.subplots()
    epsilons = sorted({eps for curve in curves for eps in curve.eps_255})
    for curve, (colour, marker) in zip(curves, _STYLES, strict=False):
        places = [epsilons.index(eps) for eps in curve.eps_255]
        axes.plot(places, finite(curve.worst_case), color=colour, marker=marker)
    tidy(axes, "", x="epsilon, in 1/255 of the pixel range", y="accuracy")
    axes.xaxis.set_major_locator(FixedLocator(list(range(len(epsilons)))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FixedFormatter([f"{eps:g}" for eps in epsilons]))
    axes.set_ylim(0, 1.02)
    MetricScale("accuracy", "share").mark(axes.yaxis)
    _name_lines(figure, labels)
    return figure


def _draw_panel(axes: Axes, panel: Panel, unit: str) -> None:
    held = [value for line in panel.lines if line for value in finite(line.values)]
    scale = metric_scale(panel.metric, [value for value in held if value == value])
    for line, (colour, marker) in zip(panel.lines, _STYLES, strict=False):
        if line is None:
            continue
        axes.plot(
            line.steps,
            finite(line.values),
            color=colour,
            marker=marker,
            markersize=4,
            markevery=max(1, len(line.steps) // _MARKS),
        )
        if line.beside:
            dotted = finite(line.beside)
            axes.plot(line.steps, dotted, color=colour, linestyle=":", linewidth=1.1)
    heading = f"{panel.metric} (dotted: {panel.beside})" if panel.beside else panel.metric
    tidy(axes, heading, x=unit)
    scale.mark(axes.yaxis)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))


def _name_lines(figure: Figure, labels: Sequence[str]) -> None:
    """A legend of its own: a trial without a line in one panel may have one in another."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker=marker, label=shown(label))
        for label, (colour, marker) in zip(labels, _STYLES, strict=False)
    ]
    figure.legend(handles=handles, frameon=False, loc="outside lower left", ncols=1)
