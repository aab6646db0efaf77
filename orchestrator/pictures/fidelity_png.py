"""The ranks of exempt trials as a figure."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.fidelity import KEPT, STOPPED, StepRanks
from orchestrator.views.fidelity_text import saved_line
from trainables.pictures.style import BLUE, GREY, ORANGE, PALE, new_figure, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from orchestrator.study.fidelity import FidelityReport

_COLUMNS = 3
_NAMED = 20  # trials beyond which numbers would lie on one another


def static_ranks(steps: Sequence[StepRanks], report: FidelityReport, title: str) -> Figure:
    """The figure: a panel a step, on the diagonal where a trial's rank stayed as it was."""
    columns = min(_COLUMNS, len(steps))
    rows = -(-len(steps) // columns)
    width = max(8.0, 4.4 * columns)
    figure = new_figure(width, 1.9 + 4.0 * rows, title)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for each, axes in zip(steps, panels, strict=False):
        _draw(axes, each)
    for axes in panels[len(steps) :]:
        axes.set_axis_off()
    letters = int(12.5 * width)  # in a line, at 10 points
    texts = (report.verdict, saved_line(report))
    words = "\n".join(line for text in texts for line in textwrap.wrap(text, letters))
    figure.supxlabel(words, fontsize=10, color=GREY, ha="left", x=0.01)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, loc="outside upper right", ncols=2)
    return figure


def _draw(axes: Axes, each: StepRanks) -> None:
    from matplotlib.ticker import MaxNLocator

    most = len(each.ranks) + 0.7
    axes.plot([0.3, most], [0.3, most], color=PALE, zorder=0)
    for stopped, colour, marker in ((False, BLUE, "o"), (True, ORANGE, "X")):
        here = each.of(stopped=stopped)
        places = [rank.early for rank in here], [rank.final for rank in here]
        label = STOPPED if stopped else KEPT
        size = 42 if len(each.ranks) <= 60 else 14
        axes.scatter(*places, s=size, color=colour, marker=marker, label=label, zorder=2)
    for rank in each.ranks if len(each.ranks) <= _NAMED else ():
        axes.annotate(
            str(rank.trial.number),
            (rank.early, rank.final),
            xytext=(5, 4),
            textcoords="offset points",
            fontsize=8,
            color=GREY,
        )
    tidy(axes, each.title, x=each.axis, y="final rank")
    axes.set_xlim(0.3, most)
    axes.set_ylim(most, 0.3)
    axes.set_aspect("equal")
    axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(7, integer=True))
