"""The best so far, to be looked into: what a trial was appears over its point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.best_so_far import Point, Track
from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from orchestrator.pictures.marks import Kind, Mark
from trainables.pictures.style import ORANGE

_FEW = 8  # trials

if TYPE_CHECKING:
    import plotly.graph_objects as go


def interactive_tracks(
    tracks: Sequence[Track],
    styles: dict[Kind, Mark],
    *,
    axis: str,
    span: tuple[float, float],
    whole: bool,
) -> go.Figure:
    """The figure; arguments as of `draw_tracks`."""
    figure = new_interactive(height=140 + 300 * len(tracks))
    figure.set_subplots(rows=len(tracks), cols=1, shared_xaxes=True, vertical_spacing=0.06)
    for row, track in enumerate(tracks, start=1):
        at = {"row": row, "col": 1}
        for kind, mark in styles.items():
            here = [point for point in track.points if point.kind == kind]
            if here:
                figure.add_trace(_points(here, track, mark, legend=row == 1), **at)
        if track.best:
            figure.add_trace(_best(track, span[1], legend=row == 1), **at)
        limits = track.scale.plotly_range(track.values)
        options = track.scale.plotly
        figure.update_yaxes(title_text=track.objective.metric, range=limits, **options, **at)
    figure.update_xaxes(title_text=axis, row=len(tracks), col=1)
    margin = 0.02 * (span[1] - span[0])
    figure.update_xaxes(range=[span[0] - margin, span[1] + margin])
    if whole and span[1] - span[0] < _FEW:  # with more, Plotly's own ticks are whole
        figure.update_xaxes(dtick=1)
    return plain_grid(figure)


def _points(here: Sequence[Point], track: Track, mark: Mark, *, legend: bool) -> go.Scatter:
    import plotly.graph_objects as go

    return go.Scatter(
        x=[point.x for point in here],
        y=[point.value for point in here],
        mode="markers",
        name=mark.label,
        legendgroup=mark.label,
        showlegend=legend,
        opacity=mark.opacity,
        marker={"color": mark.colour, "symbol": mark.symbol, "size": 8},
        text=[
            hover(
                f"trial {point.trial.number}: {point.trial.label}",
                f"{track.objective.metric} {track.scale.text(point.value)}",
                point.trial.reason,
            )
            for point in here
        ],
        hoverinfo="text",
    )


def _best(track: Track, end: float, *, legend: bool) -> go.Scatter:
    import plotly.graph_objects as go

    xs, values = track.line(end)
    return go.Scatter(
        x=xs,
        y=values,
        mode="lines",
        name="best so far",
        legendgroup="best so far",
        showlegend=legend,
        line={"shape": "hv", "color": ORANGE, "width": 2},
        hoverinfo="skip",
    )
