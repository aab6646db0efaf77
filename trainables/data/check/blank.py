"""Images that show nothing. Shapes: N images."""

from __future__ import annotations

import numpy as np

SPAN = 4
"""Levels of 255 that JPEG alone can make of one colour."""
_CHUNK = 2000


def blank_indices(images_NHWC: np.ndarray) -> list[int]:
    """The images in which no channel spans more than `SPAN` levels."""
    found: list[int] = []
    for start in range(0, len(images_NHWC), _CHUNK):
        part = images_NHWC[start : start + _CHUNK].astype(np.int16)
        spans_NC = part.max((1, 2)) - part.min((1, 2))
        found += (start + np.flatnonzero(spans_NC.max(1) <= SPAN)).tolist()
    return found
