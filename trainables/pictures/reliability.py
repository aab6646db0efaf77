"""The reliability diagram: how often a net is right, by how sure it says it is."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from trainables.evaluation.calibration import CalibrationBin
from trainables.pictures.style import BLUE, GREY, ORANGE, new_figure, say_nothing_here, tidy

_FEW = 10  # examples: the accuracy of fewer is known to about 30 points (95 %)
_PALE_BLUE, _PALE_ORANGE = "#C6DDED", "#F3CFB8"
_GAP = "from there to the mean confidence"


def draw_reliability(bins: Sequence[CalibrationBin], *, title: str, figures: str = "") -> Figure:
    """Accuracy by confidence above, and how many examples each bin has below; 7 x 8 inches.

    After Guo et al., 2017, figure 1.
    """
    figure = new_figure(7, 8, title, figures=figures)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    kept = [each for each in bins if each.count]
    if not kept:
        lower.axis("off")
        say_nothing_here(upper, "", "the split has no examples")
        return figure
    _draw_accuracy(upper, kept)
    _draw_counts(lower, kept)
    figure.legend(frameon=False, fontsize=9, loc="outside lower left", ncols=2)
    return figure


def _draw_accuracy(axes: Axes, bins: Sequence[CalibrationBin]) -> None:
    """A bar a bin, and from its top to what the net said of itself a second one: the gap.

    Bins that say little, since they hold few examples, are pale.
    """
    for few in (True, False):
        kept = [each for each in bins if (each.count < _FEW) is few]
        note = f" (pale: fewer than {_FEW} examples)"
        _draw_bars(axes, kept, few, labels=("_", "_") if few else ("accuracy" + note, _GAP))
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", label="perfectly calibrated")
    tidy(axes, "Accuracy by confidence, 15 bins (below the line: too sure)", y="accuracy")
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))


def _draw_bars(
    axes: Axes, bins: Sequence[CalibrationBin], few: bool, *, labels: tuple[str, str]
) -> None:
    middles, widths = _places(bins)
    tops = [each.accuracy or 0.0 for each in bins]
    gaps = [(each.confidence or 0.0) - top for each, top in zip(bins, tops, strict=True)]
    narrow = [0.4 * width for width in widths]
    blue, orange = (_PALE_BLUE, _PALE_ORANGE) if few else (BLUE, ORANGE)
    axes.bar(middles, tops, widths, color=blue, edgecolor="white", label=labels[0])
    axes.bar(middles, gaps, narrow, bottom=tops, color=orange, edgecolor="white", label=labels[1])


def _draw_counts(axes: Axes, bins: Sequence[CalibrationBin]) -> None:
    middles, widths = _places(bins)
    axes.bar(middles, [each.count for each in bins], widths, color=BLUE, edgecolor="white")
    tidy(axes, "Examples in each bin", x="confidence: probability of the class named", y="examples")
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _places(bins: Sequence[CalibrationBin]) -> tuple[list[float], list[float]]:
    return [(b.low + b.high) / 2 for b in bins], [b.high - b.low for b in bins]
