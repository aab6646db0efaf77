"""One corruption, and how it is done to many images.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from search_spaces.errors import UsageError
from trainables.corruptions import CORRUPTIONS, SEVERITIES

Change = Callable[[np.ndarray, Any, np.random.Generator], np.ndarray]
"""(image_HWC float in [0, 1], level, generator) -> the same, not yet clipped."""

# CIFAR-10-C's levels are for images of this many pixels a side.
MADE_FOR = 32


@dataclass(frozen=True)
class Corruption:
    """A corruption that can be chosen by name.

    Args:
        family: as the paper groups them.
        levels: what `change` is given at severity 1 to 5: those of CIFAR-10-C.
        change: what it does to an image.
    """

    name: str
    family: Literal["noise", "blur", "weather", "digital"]
    levels: tuple[Any, ...]
    change: Change


def corrupted(images_NHWC: np.ndarray, name: str, severity: int, *, seed: int = 0) -> np.ndarray:
    """The images under one corruption, uint8 as they were.

    Each image has a stream of its own, from its pixels, the corruption and `seed`; all severities
    draw from the same one.

    Raises:
        UnknownNameError: no such corruption.
        UsageError: a severity that is not 1 to 5, or images that are not uint8.
    """
    if severity not in SEVERITIES:
        raise UsageError("A severity is 1, 2, 3, 4 or 5.", got=severity)
    if images_NHWC.dtype != np.uint8 or images_NHWC.ndim != 4:
        got = f"{images_NHWC.dtype} {images_NHWC.shape}"
        raise UsageError("Images to corrupt are uint8, N x H x W x C.", got=got)
    corruption, salt = CORRUPTIONS.get(name), zlib.crc32(name.encode())
    level, changed = corruption.levels[severity - 1], np.empty_like(images_NHWC)
    for index, image in enumerate(np.ascontiguousarray(images_NHWC)):
        rng = np.random.default_rng((seed, salt, zlib.crc32(image.tobytes())))
        found = corruption.change(image.astype(np.float32) / 255, level, rng)
        changed[index] = np.rint(np.clip(found, 0, 1) * 255)
    return changed


def scale_of(image_HWC: np.ndarray) -> float:
    """How much longer lengths in pixels are here than at 32 px."""
    return min(image_HWC.shape[:2]) / MADE_FOR
