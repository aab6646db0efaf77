"""The mistakes of highest loss, image by image.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainables.evaluation.mistakes import Mistake
from trainables.pictures.style import GREEN, GREY, ORANGE, new_figure, say_nothing_here, shown

_COLUMNS = 6
# In units of an image's width: from an image to the next, and from a row to the next, with room
# for three lines of text.
_COLUMN, _ROW = 1.35, 1.62


def draw_mistakes(
    mistakes: Sequence[Mistake], images_NHWC: np.ndarray, *, title: str, figures: str = ""
) -> Figure:
    """A grid, highest loss first; under each image its class, what it was taken for, the loss.

    Args:
        images_NHWC: uint8, one for each of `mistakes`, in their order.
    """
    rows = max(1, math.ceil(len(mistakes) / _COLUMNS))
    figure = new_figure(11, 0.9 + 2.15 * rows, title, figures=figures)
    axes = figure.add_subplot()
    if not mistakes:
        say_nothing_here(axes, "", "there is no mistake")
        return figure
    axes.axis("off")
    for place, (mistake, image_HWC) in enumerate(zip(mistakes, images_NHWC, strict=True)):
        row, column = divmod(place, _COLUMNS)
        _draw_one(axes, mistake, image_HWC, column * _COLUMN, row * _ROW)
    axes.set_xlim(-0.15, _COLUMNS * _COLUMN - 0.2)
    axes.set_ylim(rows * _ROW, 0)
    axes.set_aspect("equal")
    return figure


def _draw_one(axes: Axes, mistake: Mistake, image_HWC: np.ndarray, left: float, top: float) -> None:
    # Pixels as they are: a blurred enlargement would hide what the net had to go by.
    axes.imshow(image_HWC, extent=(left, left + 1, top + 1, top), interpolation="nearest")
    lines = (
        (f"true: {_name(mistake.label)}", GREEN),
        (f"said: {_name(mistake.predicted)} ({100 * mistake.confidence:.0f} %)", ORANGE),
        (f"loss {mistake.loss:.2f} · image {mistake.index}", GREY),
    )
    for line, (text, colour) in enumerate(lines):
        axes.text(
            left + 0.5,
            top + 1.04 + 0.165 * line,
            shown(text),
            ha="center",
            va="top",
            fontsize=8.5,
            color=colour,
        )


def _name(name: str, most: int = 14) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
