"""A comparison as a figure: arms above, differences of pairs below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from orchestrator.comparing.comparison import Comparison
from orchestrator.comparing.simultaneous import Interval
from orchestrator.pictures.arms import MOST_PAIRS, pairs_words
from trainables.pictures.style import BLUE, GREY, ORANGE, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_ROW = 0.42  # inches


def static_arms(comparison: Comparison, title: str) -> Figure:
    """The figure."""
    arms, pairs = len(comparison.arms), min(MOST_PAIRS, len(comparison.differences))
    height = 2.6 + _ROW * (arms + pairs)
    figure = new_figure(11, height, title, figures=comparison.verdict)
    above, below = figure.subplots(2, 1, height_ratios=[arms + 1, pairs + 1])
    _draw_arms(above, comparison)
    _draw_pairs(below, comparison)
    return figure


def _draw_arms(axes: Axes, comparison: Comparison) -> None:
    for place, arm in enumerate(comparison.arms):
        axes.scatter(arm.values, [place + 0.18] * len(arm.values), s=22, color=GREY, alpha=0.7)
        _bar(axes, arm.mean, place, told=True)
    tidy(axes, f"mean of {comparison.repeats} repeats with its 95 % interval; grey: each repeat")
    axes.set_xlabel(shown(comparison.metric))
    _rows(axes, [arm.name for arm in comparison.arms])
    if comparison.is_share:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _draw_pairs(axes: Axes, comparison: Comparison) -> None:
    for place, each in enumerate(comparison.differences[:MOST_PAIRS]):
        _bar(axes, each.by, place, told=each.is_told)
    axes.axvline(0, color=GREY, linewidth=1)
    left = len(comparison.differences) - MOST_PAIRS
    more = f"; {left} more pairs are not shown" if left > 0 else ""
    tidy(axes, f"differences, 95 % for all pairs at once; blue: told apart{more}")
    axes.set_xlabel("points" if comparison.is_share else shown(comparison.metric))
    _rows(axes, pairs_words(comparison))
    if comparison.is_share:
        axes.xaxis.set_major_formatter(PercentFormatter(1.0, symbol=""))


def _bar(axes: Axes, interval: Interval, place: int, *, told: bool) -> None:
    if interval.low is not None and interval.high is not None:
        errors = [[interval.mean - interval.low], [interval.high - interval.mean]]
    else:
        errors = [[0.0], [0.0]]
    colour, marker = (BLUE, "o") if told else (ORANGE, "D")
    axes.errorbar(
        interval.mean, place, xerr=errors, fmt=marker, color=colour, capsize=4, markersize=7
    )


def _rows(axes: Axes, names: list[str]) -> None:
    axes.set_yticks(range(len(names)), [shown(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
