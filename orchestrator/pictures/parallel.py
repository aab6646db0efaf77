"""Parallel coordinates: each finished trial as a line over its objectives and parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.interactive import fragment, new_interactive
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.sample import sample_words, sampled
from orchestrator.pictures.scales import shortened
from orchestrator.pictures.uprights import Upright, uprights
from orchestrator.pictures.view import StudyView
from trainables.pictures.style import GREY, new_figure, png, shown

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 300
LEAST_LINES = 3
_HOW = "Drag along an axis to choose trials; click it to choose all again."


def draw_parallel(view: StudyView) -> Picture | None:
    """The picture; None with fewer than three finished trials or without two parameters.

    Lines are coloured by rank: a single value far out would leave all others one colour.
    """
    if len(view.scored) < LEAST_LINES or len(view.varied) < 2:
        return None
    trials = sampled(view.scored, view.spec, MOST_LINES)
    axes = uprights(view, trials)
    metric = view.spec.objectives[0].metric
    some = sample_words(len(trials), len(view.scored))
    note = "; ".join(each for each in (some, f"the darker, the better by {metric}") if each)
    title = "Parallel coordinates of the finished trials"
    static = _static(axes, len(trials), title, note)
    moving = _interactive(axes, len(trials), metric)
    return Picture("parallel", title, png(static), fragment(moving, "parallel", some, _HOW))


def _static(axes_of: Sequence[Upright], count: int, title: str, note: str) -> Figure:
    width = min(20.0, max(8.0, 1.9 * len(axes_of)))
    figure = new_figure(width, 5.6, title, figures=note)
    axes = figure.subplots()
    _draw_lines(axes, axes_of, count)
    for place, upright in enumerate(axes_of):
        _draw_upright(axes, place, upright)
    names = [shown(shortened(upright.name, 22)) for upright in axes_of]
    axes.set_xticks(range(len(axes_of)), names)
    axes.tick_params(length=0, labelsize=10, labeltop=True, labelbottom=False)
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_xlim(-0.55, len(axes_of) - 0.9)
    axes.set_ylim(-0.17, 1.04)
    return figure


def _draw_lines(axes: Axes, axes_of: Sequence[Upright], count: int) -> None:
    """Trials come best first, and the best is drawn on top."""
    from matplotlib import colormaps
    from matplotlib.collections import LineCollection

    order = range(count - 1, -1, -1)
    lines = [
        [(place, upright.places[index]) for place, upright in enumerate(axes_of)] for index in order
    ]
    # Without the palest part of the map, which cannot be seen on white.
    colours = colormaps["viridis_r"]([1 - 0.88 * index / max(1, count - 1) for index in order])
    opacity = 0.75 if count <= 60 else 0.4
    axes.add_collection(LineCollection(lines, colors=colours, alpha=opacity, linewidths=1.3))


def _draw_upright(axes: Axes, place: int, upright: Upright) -> None:
    axes.plot([place, place], [min(0.0, *upright.places), 1], color=GREY, linewidth=1)
    behind = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.8}
    for height, text in upright.ticks:
        axes.annotate(
            shown(text),
            (place, height),
            xytext=(-4, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=8,
            bbox=behind,
            zorder=6,
        )


def _interactive(axes_of: Sequence[Upright], count: int, metric: str) -> go.Figure:
    import plotly.graph_objects as go

    figure = new_interactive(height=540)
    dimensions = [
        {
            "label": shortened(upright.name, 22),
            "values": list(upright.places),
            "range": [min(0.0, *upright.places), 1],
            "tickvals": [height for height, _ in upright.ticks],
            "ticktext": [text for _, text in upright.ticks],
        }
        for upright in axes_of
    ]
    bar = {"title": {"text": f"rank by {metric}", "side": "right"}, "tickvals": [0, 1]}
    line = {
        "color": [rank / max(1, count - 1) for rank in range(count)],
        "colorscale": "Viridis",
        "cmin": 0,
        "cmax": 1.15,  # without the palest part
        "showscale": True,
        "colorbar": {**bar, "ticktext": ["best", "worst"]},
    }
    fonts = {"labelfont": {"size": 13}, "tickfont": {"size": 11}}
    figure.add_trace(go.Parcoords(dimensions=dimensions, line=line, **fonts))
    figure.update_layout(margin={"l": 110, "t": 90, "b": 30})
    return figure
