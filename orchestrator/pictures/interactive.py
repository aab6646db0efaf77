"""Plotly in the house style, and how a figure becomes a fragment of a page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from trainables.pictures.style import PALE

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Plotly 7 puts a button beside each figure that sends its data to a server of its makers.
_CONFIG = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
}
FONT = "DejaVu Sans, Verdana, Arial, sans-serif"


def new_interactive(*, height: int, **layout: Any) -> go.Figure:
    """An empty figure in the house style; its title stands above it, in the page.

    Args:
        height: pixels; it is as wide as the page.
        layout: more of Plotly's options.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.update_layout(
        template="plotly_white",
        height=height,
        font={"family": FONT, "size": 13},
        margin={"l": 70, "r": 30, "t": 40, "b": 60},
        hoverlabel={"font": {"family": FONT}, "align": "left"},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1 + 6 / height, "x": 0},
        **layout,
    )
    return plain_grid(figure)


def plain_grid(figure: go.Figure) -> go.Figure:
    """The figure, with the same light grid on all the axes that it has by now."""
    figure.update_xaxes(gridcolor=PALE, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=PALE, zeroline=False, automargin=True)
    return figure


def fragment(figure: go.Figure, name: str, *notes: str) -> str:
    """The figure as HTML without plotly.js, which `page` holds once for all.

    Args:
        notes: lines above it, as plain text.
    """
    above = "".join(f"<p>{html.escape(note)}</p>\n" for note in notes if note)
    drawn = figure.to_html(
        full_html=False,
        include_plotlyjs=False,
        div_id=f"picture-{name}",  # a random one would make the same picture another file
        default_height=f"{figure.layout.height}px",
        config=_CONFIG,
    )
    return f"{above}{drawn}"


def hover(*lines: str) -> str:
    """Text that appears over a point; names of people's own cannot become tags."""
    return "<br>".join(html.escape(line) for line in lines if line)
