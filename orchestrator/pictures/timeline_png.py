"""The timeline as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.pictures.scales import shortened
from orchestrator.pictures.timeline import STYLES, Timeline, became
from orchestrator.views.numbers import duration
from trainables.pictures.style import GREY, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WIDTH = 12.0  # inches
_NUMBERED = 150  # trials beyond which bars are too narrow for their numbers anyway
_NAMED = 40  # lanes
_MOST_BREAKS = 6  # that are named


def static_timeline(timeline: Timeline, title: str) -> Figure:
    """The figure: a line a worker, a bar a trial."""
    lanes = timeline.lanes
    height = 1.9 + min(14.0, max(0.8, 0.45 * len(lanes)))
    figure = new_figure(_WIDTH, height, title, figures=timeline.words)
    axes = figure.subplots()
    for name in STYLES:
        _draw_bars(axes, timeline, name)
    if sum(len(lane.bars) for lane in lanes) <= _NUMBERED:
        _write_numbers(axes, timeline)
    _draw_breaks(axes, timeline)
    tidy(axes, "", x=timeline.axis)
    axes.grid(visible=False, axis="y")
    step = -(-len(lanes) // _NAMED)
    names = [shown(shortened(lane.name, 32)) for lane in lanes]
    axes.set_yticks(range(0, len(lanes), step), names[::step], fontsize=9)
    axes.set_ylim(len(lanes) - 0.4, -0.6)
    axes.set_xlim(0, timeline.end)
    figure.legend(frameon=False, loc="outside lower left", ncols=6)
    return figure


def _draw_bars(axes: Axes, timeline: Timeline, name: str) -> None:
    """The bars of all trials of which that became; the first of them name it in the legend."""
    colour, hatch = STYLES[name]
    label: str | None = name
    for row, lane in enumerate(timeline.lanes):
        spans = [timeline.span(bar) for bar in lane.bars if became(bar.trial) == name]
        if spans:
            axes.broken_barh(
                spans,
                (row - 0.36, 0.72),
                facecolor=colour,
                hatch=hatch,
                edgecolor="white",
                linewidth=0.6 if len(lane.bars) <= 200 else 0,
                label=label,
            )
            label = None


def _write_numbers(axes: Axes, timeline: Timeline) -> None:
    """A trial's number into its bar, where it has room."""
    an_inch = timeline.end / (_WIDTH - 2.5)
    for row, lane in enumerate(timeline.lanes):
        for bar in lane.bars:
            start, width = timeline.span(bar)
            text = str(bar.trial.number)
            if width < (0.06 + 0.08 * len(text)) * an_inch:
                continue
            pale = became(bar.trial) in ("stopped early", "infeasible or diverged")
            colour = "black" if pale else "white"
            middle = start + width / 2
            axes.text(middle, row, text, ha="center", va="center", fontsize=8, color=colour)


def _draw_breaks(axes: Axes, timeline: Timeline) -> None:
    breaks = timeline.time.breaks
    for at, seconds in breaks:
        place = at / timeline.unit.seconds
        axes.axvline(place, color="black", linewidth=1, linestyle=(0, (4, 3)))
        if len(breaks) <= _MOST_BREAKS:
            axes.annotate(
                f"break of {duration(seconds)}",
                (place, 1),
                xycoords=("data", "axes fraction"),
                xytext=(0, 3),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=8,
                color=GREY,
            )
