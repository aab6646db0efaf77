"""The picture of a learning rate range test: loss over learning rate, each suggestion marked."""

from __future__ import annotations

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainables.lr_range.several import RangeTest
from trainables.lr_range.value import LrRange, Suggestion
from trainables.pictures.style import BLUE, GREEN, GREY, ORANGE, PALE, finite, new_figure, tidy

_MARKS = ((ORANGE, "o"), (GREEN, "s"), ("#CC79A7", "^"), ("#56B4E9", "D"), (GREY, "v"))


def draw_lr_range(test: RangeTest, *, title: str, subtitle: str = "") -> Figure:
    """The whole figure, 9 x 5.5 inches.

    Args:
        title: what was tested, such as `resnet9 on cifar10`.
        subtitle: labels, optimiser, batch size.
    """
    figure = new_figure(9, 5.5, title, figures=subtitle)
    axes = figure.add_subplot()
    for number, one in enumerate(test.ranges):
        _draw_curve(axes, one, labelled=number == 0)
    for place, suggestion in enumerate(test.suggestions):
        _mark(axes, test, suggestion, place)
    seeds = f", {len(test.ranges)} seeds" if len(test.ranges) > 1 else ""
    tidy(axes, f"Training loss by learning rate{seeds}", x="learning rate", y="cross-entropy")
    axes.set_xscale("log")
    _limit(axes, test)
    axes.legend(frameon=False, fontsize=9, loc="best")
    if stopped := next((one.stopped for one in test.ranges if one.stopped), ""):
        figure.supxlabel(f"Ended early: {stopped}.", fontsize=9, color=GREY, ha="left", x=0.01)
    return figure


def _draw_curve(axes: Axes, one: LrRange, *, labelled: bool) -> None:
    raw, smoothed = ("each batch", "smoothed") if labelled else ("_", "_")
    axes.plot(one.lrs_S, finite(one.losses_S), color=PALE, linewidth=1.0, label=raw)
    axes.plot(one.lrs_S, finite(one.smoothed_S), color=BLUE, linewidth=2.0, label=smoothed)


def _mark(axes: Axes, test: RangeTest, suggestion: Suggestion, place: int) -> None:
    """A line down the panel, and a point on the first curve; without a value a line of text."""
    colour, marker = _MARKS[place % len(_MARKS)]
    if suggestion.lr is None:
        axes.plot([], [], linestyle="", label=f"{suggestion.name}: none")
        return
    label = f"{suggestion.name}: {suggestion.lr:.2g}"
    axes.axvline(suggestion.lr, color=colour, linewidth=1.0, linestyle="--")
    height = _height(test.ranges[0], suggestion.lr)
    size = max(5, 12 - 2 * place)  # two rules often agree: the later one lies on the earlier
    axes.plot(
        [suggestion.lr], [height], color=colour, marker=marker, linestyle="", markersize=size,
        label=label,
    )  # fmt: skip


def _height(one: LrRange, lr: float) -> float:
    """The smoothed loss at the nearest step."""
    nearest = min(range(len(one.lrs_S)), key=lambda s: abs(math.log(one.lrs_S[s] / lr)))
    return one.smoothed_S[nearest]


def _limit(axes: Axes, test: RangeTest) -> None:
    """A diverged tail would press everything else flat: show up to twice the smoothed range."""
    smoothed = [v for one in test.ranges for v in one.smoothed_S if math.isfinite(v)]
    if not smoothed:
        return
    room = max(smoothed) - min(smoothed) or abs(max(smoothed)) or 1.0
    axes.set_ylim(min(smoothed) - 0.15 * room, max(smoothed) + 0.15 * room)
