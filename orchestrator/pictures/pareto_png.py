"""The Pareto front as a figure, with the numbers of its trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.pictures.labels import offset, place_labels
from orchestrator.pictures.pareto import FRONT, Front
from trainables.pictures.style import GREY, ORANGE, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_COLUMNS = 3
_PANEL, _ONE_PANEL = (5.2, 4.0), (9.0, 5.4)  # inches


def static_front(front: Front, title: str) -> Figure:
    """The figure; the edge of the front is a line only where two objectives are all there are."""
    pairs = front.pairs
    columns = min(_COLUMNS, len(pairs))
    rows = -(-len(pairs) // columns)
    width, height = _PANEL if len(pairs) > 1 else _ONE_PANEL
    figure = new_figure(columns * width, 1.2 + rows * height, title, figures=front.words)
    panels = figure.subplots(rows, columns, squeeze=False)
    for (x, y), axes in zip(pairs, panels.flat, strict=True):
        _draw(axes, front, x, y)
        if len(pairs) == 1 and front.best:
            axes.plot(*front.edge(x, y), color=ORANGE, linewidth=1, zorder=1)
        _name(axes, front, x, y, width - 1.0, height - 0.7)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside lower left", ncols=5)
    return figure


def _draw(axes: Axes, front: Front, x: int, y: int) -> None:
    small = 24 if len(front.spots) <= 200 else 8
    for mark, here in front.marked.items():
        axes.scatter(
            [spot.values[x] for spot in here],
            [spot.values[y] for spot in here],
            s=44 if mark == FRONT else small,
            alpha=1.0 if mark == FRONT else 0.6 * mark.opacity,
            label=shown(mark.label),
            **mark.scatter,
        )
    tidy(axes, "", x=shown(front.metrics[x]), y=shown(front.metrics[y]))
    front.scales[x].mark(axes.xaxis)
    front.scales[y].mark(axes.yaxis)
    axes.margins(0.06)


def _name(axes: Axes, front: Front, x: int, y: int, width: float, height: float) -> None:
    """Write the numbers that have room, in a panel of so many inches."""
    values = [(spot.values[x], spot.values[y]) for spot in front.best]
    if not values:
        return
    shares = (axes.transScale + axes.transLimits).transform(values)
    places = [(float(right) * width, float(up) * height) for right, up in shares]
    texts = [str(spot.trial.number) for spot in front.best]
    for at, text, side in zip(values, texts, place_labels(places, texts), strict=True):
        if side is not None:
            axes.annotate(text, at, fontsize=9, color=GREY, **offset(side))
