"""What several models make of the same images, clean and attacked: a row a model.

Each model's attacked image is its own: the attack sees through the whole net. Shapes: N images,
H W C an image.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from trainables.pictures.style import GREEN, GREY, ORANGE, PALE, new_figure, shown
from trainables.reports import Examples

MOST_MODELS, MOST_IMAGES = 6, 3
_COLUMNS = ("clean", "attacked", "difference")
# In units of an image's width: from a tile to the next, from a group of three to the next, from a
# row to the next (with room for a line of text), and the room for a model's name.
_TILE, _GROUP, _ROW, _NAME = 1.12, 3.6, 1.3, 2.9
_INCHES = 1.15  # an image's width


@dataclass(frozen=True, eq=False)
class AttackedModel:
    """One row.

    Args:
        label: what the model is called; `figures` stand under it.
        examples: attacked images of it; it had them right to begin with.
    """

    label: str
    figures: str
    examples: Examples


def draw_front_images(
    models: Sequence[AttackedModel], classes: Sequence[str], *, title: str
) -> Figure:
    """The images that most of the models had right, at most three, and at most six models."""
    models = models[:MOST_MODELS]
    picked = shared_images(models)[:MOST_IMAGES]
    width = _NAME + len(picked) * _GROUP
    height = len(models) * _ROW + 0.55
    said = f"attacked at epsilon {_epsilons(models)}/255; under each image the prediction"
    figure = new_figure(
        _INCHES * width + 0.3, _INCHES * height + 1.1, title,
        figures=f"{said} (✓ right, ✗ wrong) and its chance",
    )  # fmt: skip
    axes = figure.subplots()
    axes.axis("off")
    for row, model in enumerate(models):
        _write_name(axes, model, row)
        for place, at in enumerate(picked):
            _draw_group(axes, model.examples, at[row], _NAME + place * _GROUP, row * _ROW, classes)
    for place, at in enumerate(picked):
        _write_heading(axes, models, at, _NAME + place * _GROUP, classes)
    axes.set_xlim(0, width - 0.2)
    axes.set_ylim(height - 0.55, -0.5)
    axes.set_aspect("equal")
    return figure


def shared_images(models: Sequence[AttackedModel]) -> list[tuple[int | None, ...]]:
    """Of each image its place in every model's examples, None where a model has it not.

    Those that most models have come first, then in the order in which they are met.
    """
    places: dict[bytes, dict[int, int]] = {}
    for number, model in enumerate(models):
        for index, image_HWC in enumerate(model.examples.clean_NHWC):
            places.setdefault(image_HWC.tobytes(), {}).setdefault(number, index)
    order = sorted(places.values(), key=lambda held: -len(held))
    return [tuple(held.get(number) for number in range(len(models))) for held in order]


def _epsilons(models: Sequence[AttackedModel]) -> str:
    return " and ".join(f"{eps:g}" for eps in sorted({m.examples.eps_255 for m in models}))


def _write_name(axes: Axes, model: AttackedModel, row: int) -> None:
    """The label and its figures, to the left of the row."""
    lines = [*textwrap.wrap(model.label, 30)[:3], *model.figures.split(", ")]
    text = shown("\n".join(lines))
    axes.text(0, row * _ROW + 0.5, text, ha="left", va="center", fontsize=9, linespacing=1.35)


def _write_heading(
    axes: Axes,
    models: Sequence[AttackedModel],
    at: tuple[int | None, ...],
    left: float,
    classes: Sequence[str],
) -> None:
    """The true class, and what each of the three columns is."""
    number = next(n for n, index in enumerate(at) if index is not None)
    label = int(models[number].examples.labels_N[at[number] or 0])
    true = f"true: {_name(classes, label)}"
    axes.text(left + 1.5 * _TILE, -0.27, shown(true), ha="center", va="bottom", fontsize=10)
    for column, name in enumerate(_COLUMNS):
        x = left + column * _TILE + 0.5
        axes.text(x, -0.05, name, ha="center", va="bottom", fontsize=9, color=GREY)


def _draw_group(
    axes: Axes,
    examples: Examples,
    index: int | None,
    left: float,
    top: float,
    classes: Sequence[str],
) -> None:
    """Clean, attacked, and the difference; an empty frame where the model had it wrong."""
    if index is None:
        axes.add_patch(Rectangle((left, top), 2 * _TILE + 1, 1, fill=False, edgecolor=PALE))
        why = "not among the first\nthat it had right"
        x, y = left + _TILE + 0.5, top + 0.5
        axes.text(x, y, why, ha="center", va="center", fontsize=8, color=GREY)
        return
    clean_HWC = examples.clean_NHWC[index].astype(np.float32) / 255
    attacked_HWC = np.clip(examples.attacked_NHWC[index], 0, 1)
    difference_HWC, times = magnified(attacked_HWC - clean_HWC)
    for column, image_HWC in enumerate((clean_HWC, attacked_HWC, difference_HWC)):
        x = left + column * _TILE
        axes.imshow(image_HWC, extent=(x, x + 1, top + 1, top), interpolation="nearest")
    label = int(examples.labels_N[index])
    said = (
        (int(examples.clean_predicted_N[index]), examples.clean_confidence_N),
        (int(examples.attacked_predicted_N[index]), examples.attacked_confidence_N),
    )
    for column, (predicted, sure_N) in enumerate(said):
        right = predicted == label
        chance = "" if sure_N is None else f" {100 * float(sure_N[index]):.0f} %"
        text = f"{'✓' if right else '✗'} {_name(classes, predicted)}{chance}"
        _write(axes, left + column * _TILE, top, text, GREEN if right else ORANGE)
    _write(axes, left + 2 * _TILE, top, f"times {times:.0f}" if times else "none", GREY)


def _write(axes: Axes, left: float, top: float, text: str, colour: str) -> None:
    x, y = left + 0.5, top + 1.03
    axes.text(x, y, shown(text), ha="center", va="top", fontsize=8.5, color=colour)


def magnified(difference_HWC: np.ndarray) -> tuple[np.ndarray, float]:
    """A difference around 0 scaled to fill [0, 1] around grey, and by how much; 0 where it is 0."""
    largest = float(np.abs(difference_HWC).max())
    if largest == 0:
        return np.full_like(difference_HWC, 0.5), 0.0
    return 0.5 + difference_HWC / (2 * largest), 1 / (2 * largest)


def _name(classes: Sequence[str], index: int) -> str:
    name = classes[index] if 0 <= index < len(classes) else str(index)
    return name if len(name) <= 11 else name[:10] + "…"
