"""The ranks of exempt trials to be looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.fidelity import KEPT, STOPPED, Rank, StepRanks
from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from trainables.pictures.style import BLUE, ORANGE, PALE

if TYPE_CHECKING:
    import plotly.graph_objects as go

_COLUMNS = 3


def interactive_ranks(steps: Sequence[StepRanks], unit: str) -> go.Figure:
    """The figure: a panel a step, on the diagonal where a trial's rank stayed as it was."""
    columns = min(_COLUMNS, len(steps))
    rows = -(-len(steps) // columns)
    figure = new_interactive(height=150 + 380 * rows)
    figure.set_subplots(
        rows=rows,
        cols=columns,
        subplot_titles=[each.title for each in steps],
        vertical_spacing=0.24 / rows,
        horizontal_spacing=0.08,
    )
    for index, each in enumerate(steps):
        at = {"row": index // columns + 1, "col": index % columns + 1}
        most = len(each.ranks) + 0.7
        figure.add_shape(
            type="line", x0=0.3, y0=0.3, x1=most, y1=most, line={"color": PALE}, layer="below", **at
        )
        for stopped in (False, True):
            trace = _trace(each.of(stopped=stopped), unit, stopped=stopped)
            figure.add_trace(trace.update(showlegend=index == 0), **at)
        figure.update_xaxes(title_text=each.axis, range=[0.3, most], **at)
        figure.update_yaxes(title_text="final rank", range=[most, 0.3], **at)
    figure.update_annotations(font_size=13)
    # Below the panels, whose own titles are above them.
    figure.update_layout(
        legend={"y": -70 / (380 * rows), "yanchor": "top"}, margin={"t": 50, "b": 90}
    )
    return plain_grid(figure)


def _trace(here: Sequence[Rank], unit: str, *, stopped: bool) -> go.Scatter:
    import plotly.graph_objects as go

    name = STOPPED if stopped else KEPT
    colour, symbol = (ORANGE, "x") if stopped else (BLUE, "circle")
    return go.Scatter(
        x=[rank.early for rank in here],
        y=[rank.final for rank in here],
        mode="markers",
        name=name,
        legendgroup=name,
        marker={"color": colour, "symbol": symbol, "size": 9},
        hovertext=[_words(rank, unit) for rank in here],
        hoverinfo="text",
    )


def _words(rank: Rank, unit: str) -> str:
    trial = rank.trial
    would = f"would have been stopped at {unit} {trial.stopped_at}" * bool(trial.stopped_at)
    return hover(
        f"trial {trial.number}: {trial.label}",
        f"rank {rank.early:g}, in the end {rank.final:g}",
        would,
    )
