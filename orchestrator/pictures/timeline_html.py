"""The timeline to be looked into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.bars import Bar
from orchestrator.pictures.interactive import hover, new_interactive
from orchestrator.pictures.scales import shortened
from orchestrator.pictures.timeline import STYLES, Timeline, became
from orchestrator.views.numbers import duration

if TYPE_CHECKING:
    import plotly.graph_objects as go


def interactive_timeline(timeline: Timeline) -> go.Figure:
    """The figure: a line a worker, a bar a trial."""
    lanes = timeline.lanes
    height = 190 + min(900, 36 * len(lanes))
    figure = new_interactive(height=height, barmode="overlay", bargap=0.25)
    # Two lanes may be called the same, but an axis of categories knows them by their names.
    names = [f"{row}. {shortened(lane.name, 32)}" for row, lane in enumerate(lanes, start=1)]
    bars = [(name, bar) for name, lane in zip(names, lanes, strict=True) for bar in lane.bars]
    for state, (colour, hatch) in STYLES.items():
        here = [(name, bar) for name, bar in bars if became(bar.trial) == state]
        if here:
            pattern = {"shape": hatch[:1], "fgcolor": "white"}
            marker = {"color": colour, "pattern": pattern, "line": {"color": "white", "width": 0.5}}
            figure.add_trace(_trace(here, timeline).update(name=state, marker=marker))
    for at, _ in timeline.time.breaks:
        figure.add_vline(at / timeline.unit.seconds, line={"width": 1, "dash": "dash"})
    figure.update_yaxes(autorange="reversed", categoryorder="array", categoryarray=names)
    figure.update_xaxes(title_text=timeline.axis, range=[0, timeline.end])
    return figure


def _trace(here: Sequence[tuple[str, Bar]], timeline: Timeline) -> go.Bar:
    import plotly.graph_objects as go

    spans = [timeline.span(bar) for _, bar in here]
    return go.Bar(
        base=[start for start, _ in spans],
        x=[width for _, width in spans],
        y=[name for name, _ in here],
        orientation="h",
        hovertext=[
            hover(
                f"trial {bar.trial.number}: {bar.trial.label}",
                f"{became(bar.trial)}, {duration(bar.end - bar.start)}",
                bar.trial.reason,
                bar.worker,
            )
            for _, bar in here
        ],
        hoverinfo="text",
    )
