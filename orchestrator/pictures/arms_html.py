"""A comparison to be looked into: arms, and differences of pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.comparing.comparison import Comparison
from orchestrator.comparing.simultaneous import Interval
from orchestrator.pictures.arms import MOST_PAIRS, pairs_words
from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from trainables.pictures.style import BLUE, GREY, ORANGE

if TYPE_CHECKING:
    import plotly.graph_objects as go

_ROW = 34  # pixels


def interactive_arms(comparison: Comparison) -> go.Figure:
    """The figure: arms above, pairs below."""
    arms, pairs = comparison.arms, comparison.differences[:MOST_PAIRS]
    rows = len(arms) + len(pairs)
    figure = new_interactive(height=260 + _ROW * rows)
    heights = [len(arms) / rows, len(pairs) / rows]
    figure.set_subplots(
        rows=2, cols=1, row_heights=heights, vertical_spacing=100 / (260 + _ROW * rows)
    )
    for arm in arms:
        _add_repeats(figure, arm.name, arm.values)
    means = [(arm.name, arm.mean, hover(arm.name, arm.label)) for arm in arms]
    _add(figure, means, "mean", BLUE, "circle", row=1)
    told = zip(pairs_words(comparison), pairs, strict=True)
    split: dict[bool, list[tuple[str, Interval, str]]] = {True: [], False: []}
    for name, each in told:
        split[each.is_told].append((name, each.by, each.sentence(comparison.metric)))
    _add(figure, split[True], "told apart", BLUE, "circle-open", row=2)
    _add(figure, split[False], "not told apart", ORANGE, "diamond", row=2)
    figure.add_vline(x=0, line={"color": GREY, "width": 1}, row=2, col=1)
    form = ".1%" if comparison.is_share else ""
    figure.update_xaxes(title_text=comparison.metric, tickformat=form, row=1, col=1)
    figure.update_xaxes(title_text="difference", tickformat=form, row=2, col=1)
    for row, names in ((1, [arm.name for arm in arms]), (2, pairs_words(comparison))):
        figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], row=row, col=1)
    return plain_grid(figure)


def _add_repeats(figure: go.Figure, name: str, values: Sequence[float]) -> None:
    import plotly.graph_objects as go

    trace = go.Scatter(
        x=list(values),
        y=[name] * len(values),
        mode="markers",
        name="each repeat",
        legendgroup="each repeat",
        showlegend=not figure.data,
        marker={"color": GREY, "size": 6, "opacity": 0.7},
        hovertext=[f"repeat {number + 1}" for number in range(len(values))],
    )
    figure.add_trace(trace, row=1, col=1)


def _add(
    figure: go.Figure,
    rows: Sequence[tuple[str, Interval, str]],
    name: str,
    colour: str,
    symbol: str,
    *,
    row: int,
) -> None:
    import plotly.graph_objects as go

    if not rows:
        return
    bounds: dict[str, Any] = {
        "type": "data",
        "symmetric": False,
        "array": [0 if by.high is None else by.high - by.mean for _, by, _ in rows],
        "arrayminus": [0 if by.low is None else by.mean - by.low for _, by, _ in rows],
    }
    trace = go.Scatter(
        x=[by.mean for _, by, _ in rows],
        y=[label for label, _, _ in rows],
        error_x=bounds,
        mode="markers",
        name=name,
        marker={"color": colour, "symbol": symbol, "size": 10},
        hovertext=[words for _, _, words in rows],
        hoverinfo="text",
    )
    figure.add_trace(trace, row=row, col=1)
