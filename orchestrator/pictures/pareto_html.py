"""The Pareto front to be looked into; three objectives as a room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from orchestrator.pictures.marks import Mark
from orchestrator.pictures.pareto import FRONT, Front, Spot
from trainables.pictures.style import ORANGE

if TYPE_CHECKING:
    import plotly.graph_objects as go

_COLUMNS = 3
# Numbers of the front in the picture; over a point its number always appears.
_MOST_NUMBERS, _MOST_NUMBERS_3D = 40, 8


def interactive_front(front: Front) -> go.Figure:
    """A room for three objectives, else a panel a pair."""
    return _room(front) if len(front.metrics) == 3 else _panels(front)


def _panels(front: Front) -> go.Figure:
    import plotly.graph_objects as go

    columns = min(_COLUMNS, len(front.pairs))
    rows = -(-len(front.pairs) // columns)
    figure = new_interactive(height=130 + 400 * rows)
    figure.set_subplots(rows=rows, cols=columns, vertical_spacing=0.2 / rows)
    for index, (x, y) in enumerate(front.pairs):
        at = {"row": index // columns + 1, "col": index % columns + 1}
        if len(front.pairs) == 1 and front.best:
            xs, ys = front.edge(x, y)
            line = {"color": ORANGE, "width": 1}
            figure.add_trace(
                go.Scatter(x=xs, y=ys, mode="lines", line=line, showlegend=False, hoverinfo="skip")
            )
        for mark, here in front.marked.items():
            xs, ys = ([spot.values[place] for spot in here] for place in (x, y))
            common = _common(front, here, mark)
            figure.add_trace(go.Scatter(x=xs, y=ys, showlegend=index == 0, **common), **at)
        figure.update_xaxes(title_text=front.metrics[x], **front.scales[x].plotly, **at)
        figure.update_yaxes(title_text=front.metrics[y], **front.scales[y].plotly, **at)
    return plain_grid(figure)


def _room(front: Front) -> go.Figure:
    import plotly.graph_objects as go

    figure = new_interactive(height=680)
    for mark, here in front.marked.items():
        x, y, z = ([spot.values[place] for spot in here] for place in range(3))
        common = _common(front, here, mark)
        if len(here) > _MOST_NUMBERS_3D:
            common["mode"] = "markers"
        common["marker"] = {
            **common["marker"],
            "size": 6 if mark == FRONT else 4,
            "symbol": mark.symbol.replace("x-thin-open", "x"),  # a room knows fewer
        }
        figure.add_trace(go.Scatter3d(x=x, y=y, z=z, **common))
    axes = {
        f"{letter}axis": {"title": {"text": name}, **scale.plotly}
        for letter, name, scale in zip("xyz", front.metrics, front.scales, strict=True)
    }
    camera = {"eye": {"x": 1.5, "y": 1.4, "z": 0.7}}
    figure.update_layout(scene={**axes, "camera": camera}, margin={"l": 0, "r": 0, "b": 0})
    return figure


def _common(front: Front, here: Sequence[Spot], mark: Mark) -> dict[str, Any]:
    named = mark == FRONT and len(here) <= _MOST_NUMBERS
    size = 10 if mark == FRONT else 7
    return {
        "name": mark.label,
        "legendgroup": mark.label,
        "mode": "markers+text" if named else "markers",
        "text": [str(spot.trial.number) for spot in here],
        "textposition": "top right",
        "opacity": 1.0 if mark == FRONT else 0.7 * mark.opacity,
        "marker": {"color": mark.colour, "symbol": mark.symbol, "size": size},
        "hovertext": [_words(front, spot) for spot in here],
        "hoverinfo": "text",
    }


def _words(front: Front, spot: Spot) -> str:
    rows = zip(front.metrics, front.scales, spot.values, strict=True)
    return hover(
        f"trial {spot.trial.number}: {spot.trial.label}",
        *(f"{name} {scale.text(value)}" for name, scale, value in rows),
        spot.trial.reason,
    )
