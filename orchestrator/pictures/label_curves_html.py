"""Label curves to be looked into: points with their figures, laws with their bands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.label_curves import LabelCurve
from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from orchestrator.pictures.label_curves import STYLES, DrawnLaw, drawn_law, points
from orchestrator.pictures.scales import MetricScale
from orchestrator.views.numbers import count, percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

_SYMBOLS = {"o": "circle", "s": "square", "v": "triangle-down", "D": "diamond", "^": "triangle-up"}


def interactive_label_curves(curves: Sequence[LabelCurve]) -> go.Figure:
    """All curves in one panel; a click on a name hides one."""
    figure = new_interactive(height=560)
    for place, curve in enumerate(curves):
        colour, marker = STYLES[place % len(STYLES)]
        _add_law(figure, curve, drawn_law(curve), colour)
        _add_points(figure, curve, colour, _SYMBOLS[marker])
    figure.update_xaxes(title_text="labels", type="log", tickformat=",d", dtick="D1")
    figure.update_yaxes(title_text="validation accuracy", **MetricScale("val_acc", "share").plotly)
    return plain_grid(figure)


def _add_points(figure: go.Figure, curve: LabelCurve, colour: str, symbol: str) -> None:
    import plotly.graph_objects as go

    found = list(points(curve))
    figure.add_trace(
        go.Scatter(
            x=[size for size, _ in found],
            y=[accuracy for _, accuracy in found],
            mode="markers",
            name=curve.name,
            legendgroup=curve.name,
            marker={"color": colour, "symbol": symbol, "size": 7, "opacity": 0.7},
            hovertext=[
                hover(curve.name, f"{count(size)} labels: {percent(accuracy)} %")
                for size, accuracy in found
            ],
            hoverinfo="text",
        )
    )


def _add_law(figure: go.Figure, curve: LabelCurve, law: DrawnLaw | None, colour: str) -> None:
    """Its band first, so that points and line lie above it."""
    import plotly.graph_objects as go

    if law is None:
        return
    shared = {"legendgroup": curve.name, "showlegend": False, "hoverinfo": "skip"}
    around = [*law.sizes_S, *law.sizes_S[::-1]]
    figure.add_trace(
        go.Scatter(
            x=around,
            y=[*law.high_S, *law.low_S[::-1]],
            fill="toself",
            fillcolor=colour,
            opacity=0.13,
            mode="none",
            **shared,
        )
    )
    beyond = law.sizes_S >= law.sizes_S[law.inside_S][-1]
    for part, dash in ((law.inside_S, "solid"), (beyond, "dash")):
        line = {"color": colour, "dash": dash}
        figure.add_trace(
            go.Scatter(
                x=law.sizes_S[part], y=law.accuracy_S[part], mode="lines", line=line, **shared
            )
        )
