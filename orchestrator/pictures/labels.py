"""Where numbers go beside points so that none lies on another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_LETTER, _LINE = 0.085, 0.16  # inches, of type of 9 points
_AROUND = ((1, 1), (-1, 1), (1, -1), (-1, -1))
_GAP = 0.06  # inches from the point

Box = tuple[float, float, float, float]


def place_labels(
    places: Sequence[tuple[float, float]], texts: Sequence[str]
) -> list[tuple[int, int] | None]:
    """For each point the side (right or left, above or below) of its label; None: no room.

    Args:
        places: inches from the lower left corner.
    """
    taken: list[Box] = [(x - 0.04, y - 0.04, x + 0.04, y + 0.04) for x, y in places]
    sides: list[tuple[int, int] | None] = []
    for (x, y), text in zip(places, texts, strict=True):
        boxes = {side: _box(x, y, side, len(text) * _LETTER) for side in _AROUND}
        free = [side for side, box in boxes.items() if not any(_meet(box, t) for t in taken)]
        sides.append(free[0] if free else None)
        if free:
            taken.append(boxes[free[0]])
    return sides


def offset(side: tuple[int, int]) -> dict[str, Any]:
    """The options of Matplotlib's `annotate` that put a label there."""
    right, above = side
    return {
        "xytext": (72 * _GAP * right, 72 * _GAP * above),
        "textcoords": "offset points",
        "ha": "left" if right > 0 else "right",
        "va": "bottom" if above > 0 else "top",
    }


def _box(x: float, y: float, side: tuple[int, int], width: float) -> Box:
    right, above = side
    left = x + _GAP if right > 0 else x - _GAP - width
    foot = y + _GAP if above > 0 else y - _GAP - _LINE
    return left, foot, left + width, foot + _LINE


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
