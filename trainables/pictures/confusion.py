"""The confusion matrix, as a panel and as a picture of its own.

Shapes: K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainables.pictures.style import new_figure, say_nothing_here, shown

# More classes than this and the counts or the names can no longer be read.
_MOST_COUNTS = 16
_MOST_NAMES = 40


def draw_confusion(
    axes: Axes, counts_KK: np.ndarray | None, classes: Sequence[str], *, title: str
) -> None:
    """Rows are true classes, columns predictions; colour is a row's share, text the count."""
    if counts_KK is None or counts_KK.size == 0:
        return say_nothing_here(axes, title, "no predictions were recorded")
    totals_K = counts_KK.sum(axis=1, keepdims=True)
    shares_KK = counts_KK / np.maximum(totals_K, 1)
    axes.imshow(shares_KK, cmap="Blues", vmin=0, vmax=1, aspect="equal")
    axes.set_title(shown(title), fontsize=11, loc="left")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    _name_classes(axes, classes)
    if len(counts_KK) <= _MOST_COUNTS:
        _write_counts(axes, counts_KK, shares_KK)
    return None


def draw_confusion_alone(
    counts_KK: np.ndarray, classes: Sequence[str], *, title: str, figures: str = ""
) -> Figure:
    """The whole figure; it grows with the classes until their counts are left out."""
    side = 4.0 + 0.42 * min(len(classes), _MOST_COUNTS)
    figure = new_figure(max(side, 6.0), side + 0.3, title, figures=figures)
    draw_confusion(figure.add_subplot(), counts_KK, classes, title="Images by class")
    return figure


def _name_classes(axes: Axes, classes: Sequence[str]) -> None:
    step = max(1, -(-len(classes) // _MOST_NAMES))
    places = range(0, len(classes), step)
    names = [shown(_shortened(classes[place])) for place in places]
    size = 9 if len(names) <= _MOST_COUNTS else 6
    axes.set_xticks(list(places), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(list(places), names)
    axes.tick_params(length=0, labelsize=size)


def _write_counts(axes: Axes, counts_KK: np.ndarray, shares_KK: np.ndarray) -> None:
    for (row, column), count in np.ndenumerate(counts_KK):
        if count:
            colour = "white" if shares_KK[row, column] > 0.55 else "black"
            cell = axes.text(
                column, row, f"{count:,}", ha="center", va="center", fontsize=8, color=colour
            )
            cell.set_in_layout(False)  # it lies inside the panel, and measuring text is slow


def _shortened(name: str, most: int = 14) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
