"""Sheets of duplicate pairs, for a person to judge. Shapes: N training images, M test images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from trainables.data.check.value import Pair

SHOWN = 60
COLUMNS = 6
_SIDE, _GAP, _TEXT, _HEAD = 96, 12, 30, 26
_BLACK, _RED, _GREY = (0, 0, 0), (190, 0, 0), (110, 110, 110)


def draw_pairs(
    pairs: Sequence[Pair], train_NHWC: np.ndarray, test_MHWC: np.ndarray, folder: Path
) -> tuple[Path, ...]:
    """`test_and_train.png`, `within_train.png`, `labels_disagree.png`: those that have pairs.

    Of more than 60 pairs, 60 are shown, evenly from the most to the least alike.
    """
    sheets = (
        (
            "test_and_train",
            "test image, and the training image that shows the same",
            _of(pairs, "test"),
        ),
        (
            "within_train",
            "training image, and the earlier one that shows the same",
            _of(pairs, "train"),
        ),
        (
            "labels_disagree",
            "show the same under two labels",
            [pair for pair in pairs if not pair.labels_agree],
        ),
    )
    written = []
    for name, title, of_sheet in sheets:
        if of_sheet:
            image = _sheet(title, of_sheet, train_NHWC, test_MHWC)
            image.save(folder / f"{name}.png")
            written.append(folder / f"{name}.png")
    return tuple(written)


def _of(pairs: Sequence[Pair], split: str) -> list[Pair]:
    return [pair for pair in pairs if pair.split == split]


def _sheet(
    title: str, pairs: Sequence[Pair], train_NHWC: np.ndarray, test_MHWC: np.ndarray
) -> Image.Image:
    shown = [pairs[place] for place in _evenly(len(pairs), SHOWN)]
    width, height = 2 * _SIDE + _GAP, _SIDE + _TEXT + _GAP
    rows = -(-len(shown) // COLUMNS)
    columns = min(COLUMNS, max(2, len(shown)))
    sheet = Image.new("RGB", (columns * width + _GAP, rows * height + _HEAD), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((_GAP, 7), f"{title}: {len(shown)} of {len(pairs)} pairs", fill=_BLACK)
    for place, pair in enumerate(shown):
        row, column = divmod(place, COLUMNS)
        left, top = _GAP + column * width, _HEAD + row * height
        images_NHWC = test_MHWC if pair.split == "test" else train_NHWC
        sheet.paste(_enlarged(images_NHWC[pair.index]), (left, top))
        sheet.paste(_enlarged(train_NHWC[pair.other]), (left + _SIDE, top))
        draw.text((left, top + _SIDE + 2), _figures(pair), fill=_GREY)
        colour = _BLACK if pair.labels_agree else _RED
        draw.text((left, top + _SIDE + 15), _labels(pair), fill=colour)
    return sheet


def _evenly(count: int, most: int) -> list[int]:
    return sorted({round(place) for place in np.linspace(0, count - 1, min(count, most))})


def _enlarged(image_HWC: np.ndarray) -> Image.Image:
    return Image.fromarray(np.asarray(image_HWC)).resize((_SIDE, _SIDE), Image.Resampling.NEAREST)


def _figures(pair: Pair) -> str:
    alike = "exact" if pair.kind == "exact" else f"{pair.similarity:.2f}"
    return f"{pair.split} {pair.index}, train {pair.other}: {alike}"


def _labels(pair: Pair) -> str:
    both = pair.label if pair.labels_agree else f"{pair.label} / {pair.other_label}"
    return both.encode("ascii", "replace").decode()[:34]  # the built-in font has no other letters
