"""Images before and after the attack, with what the net said of each.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from trainables.pictures.style import GREEN, GREY, ORANGE, say_nothing_here, shown
from trainables.reports import Examples

MOST_IMAGES = 8

# In units of an image's width: the distance between columns, and from a row to the next, which
# has room for a line of text.
_COLUMN, _ROW = 1.55, 1.25


def draw_examples(axes: Axes, examples: Examples | None, classes: Sequence[str]) -> None:
    """Three rows: clean, attacked, and what the attack added, magnified until it can be seen.

    All of them in one panel: a panel an image took Matplotlib three times as long to lay out.
    """
    title = "Clean and attacked images"
    if examples is None or len(examples.labels_N) == 0:
        return say_nothing_here(axes, title, "no images were attacked")
    axes.set_title(shown(_heading(examples)), fontsize=11, loc="left", pad=22)
    axes.axis("off")
    for index in range(min(MOST_IMAGES, len(examples.labels_N))):
        _draw_column(axes, examples, index, classes)
    axes.set_xlim(-0.3, MOST_IMAGES * _COLUMN - 0.25)
    axes.set_ylim(3 * _ROW - 0.2, 0)
    axes.set_aspect("equal")
    for row, name in enumerate(("clean", "attacked", "difference")):
        axes.text(
            -0.1,
            row * _ROW + 0.5,
            name,
            rotation=90,
            ha="right",
            va="center",
            fontsize=9,
            color=GREY,
        )
    return None


def _heading(examples: Examples) -> str:
    return (
        f"Images clean, attacked at epsilon {examples.eps_255:g}/255, and the difference at full "
        "contrast; under each the prediction (✓ right, ✗ wrong)"
    )


def _draw_column(axes: Axes, examples: Examples, index: int, classes: Sequence[str]) -> None:
    label, left = int(examples.labels_N[index]), index * _COLUMN
    clean_HWC = examples.clean_NHWC[index].astype(np.float32) / 255
    attacked_HWC = np.clip(examples.attacked_NHWC[index], 0, 1)
    rows = (clean_HWC, attacked_HWC, _magnified(attacked_HWC - clean_HWC))
    for row, image_HWC in enumerate(rows):
        place = (left, left + 1, row * _ROW + 1, row * _ROW)
        axes.imshow(image_HWC, extent=place, interpolation="nearest")
    above = f"true: {_name(classes, label)}"
    axes.text(left + 0.5, -0.06, shown(above), ha="center", va="bottom", fontsize=9)
    said = (examples.clean_predicted_N[index], examples.attacked_predicted_N[index])
    for row, predicted in enumerate(said):
        right = int(predicted) == label
        axes.text(
            left + 0.5,
            row * _ROW + 1.04,
            shown(f"{'✓' if right else '✗'} {_name(classes, int(predicted))}"),
            ha="center",
            va="top",
            fontsize=9,
            color=GREEN if right else ORANGE,
        )


def _magnified(difference_HWC: np.ndarray) -> np.ndarray:
    """A difference around 0 scaled to fill [0, 1] around grey."""
    largest = float(np.abs(difference_HWC).max())
    return 0.5 + (difference_HWC / (2 * largest) if largest > 0 else 0 * difference_HWC)


def _name(classes: Sequence[str], index: int) -> str:
    name = classes[index] if 0 <= index < len(classes) else str(index)
    return name if len(name) <= 12 else name[:11] + "…"
