"""Nested lists of numbers, as JSON has them, to uint8 images; what are none is refused, cheaply.

Shapes: N images, H W C an image of C = 3 channels.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from orchestrator.serving.refusing import Refused

_NUMBERS = "Pixels must be whole numbers from 0 to 255 (uint8)."
SHAPE = "[N, height, width, 3] or [N, 3, height, width]"
_ONE_ARRAY = f"The pixels must make one array: {SHAPE}."


def images_of(value: list[Any], most: int) -> np.ndarray:
    """uint8 images_NHWC of lists in either layout.

    Args:
        most: numbers that there can be at all. What claims more by its first lists would only take
            memory for nothing.

    Raises:
        Refused: 400, with the reason.
    """
    _check_shape(value)
    if math.prod(_sizes(value)) > most:
        raise Refused(400, _ONE_ARRAY)
    return _channels_last(_pixels(value))


def _check_shape(value: list[Any]) -> None:
    """Looks at the first of each list only: turning millions of numbers into an array takes a
    second in which nobody else is answered, so what cannot be images is refused before."""
    sizes = _sizes(value)
    if len(sizes) != 4:
        hint = " Put a single image into a list." if len(sizes) == 3 else ""
        raise Refused(400, f"Images must have the shape {SHAPE}. Got: {sizes}.{hint}")
    if 0 in sizes:
        raise Refused(400, f"There must be at least one pixel. Got: {sizes}.")
    if 3 not in (sizes[1], sizes[3]):
        raise Refused(400, f"Images must have three channels: {SHAPE}. Got: {sizes}.")


def _sizes(value: list[Any]) -> list[int]:
    """Of the first list of each level, down to the sixth."""
    sizes: list[int] = []
    part: Any = value
    while isinstance(part, list) and len(sizes) < 6:
        sizes.append(len(part))
        part = part[0] if part else None
    return sizes


def _pixels(value: list[Any]) -> np.ndarray:
    """uint8 pixels of four dimensions."""
    array = _as_array(value)
    if not np.isfinite(array).all():
        raise Refused(400, f"{_NUMBERS} Got: NaN, infinity or null.")
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise Refused(400, f"{_NUMBERS} Got: {low:g} to {high:g}.")
    whole = array.astype(np.uint8)
    if (whole != array).any():
        hint = " Multiply by 255 and round." if high <= 1 else ""
        raise Refused(400, f"{_NUMBERS} Got fractions.{hint}")
    return whole


def _as_array(value: list[Any]) -> np.ndarray:
    """float64, one row of an image at a time: between two of them others get their turn."""
    array = np.empty(_sizes(value))
    try:
        for image, rows in zip(array, value, strict=True):
            for row, given in zip(image, rows, strict=True):
                # Given its type, numpy makes no array of strings, each as long as the longest.
                numbers = np.asarray(given, dtype=np.float64)
                if numbers.shape != row.shape:
                    raise Refused(400, _ONE_ARRAY)
                row[:] = numbers
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        if any(word in str(error) for word in ("sequence", "dimension", "zip()", "iterable")):
            raise Refused(400, _ONE_ARRAY) from None
        raise Refused(400, f"{_NUMBERS} Got something else.") from None
    return array


def _channels_last(images: np.ndarray) -> np.ndarray:
    """The layout with three channels last; where both could be meant, they are last already."""
    if images.shape[3] == 3:
        return images
    return np.ascontiguousarray(images.transpose(0, 2, 3, 1))
