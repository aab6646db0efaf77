"""Weather: snow, fog, a bright day.

Levels are CIFAR-10-C's. Its fog is a plasma fractal; ours is noise in octaves that halve in size.
Its frost is laid on from photographs of frost, which we do not have, so there is none.
Shapes: H W C an image.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from trainables.corruptions.blur import enlarged, moved_along
from trainables.corruptions.corruption import Corruption


def _brightness(image_HWC: np.ndarray, more: float, _: np.random.Generator) -> np.ndarray:
    """Adds to the value of HSV; hue and saturation stay."""
    value_HW1 = image_HWC.max(axis=2, keepdims=True)
    brighter_HW1 = np.clip(value_HW1 + more, 0, 1)
    black = value_HW1 == 0
    return np.where(black, brighter_HW1, image_HWC * brighter_HW1 / np.where(black, 1, value_HW1))


def _fog(image_HWC: np.ndarray, level: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """How much fog, and by what its amplitude shrinks an octave; the brightest stays as it was."""
    amount, decay = level
    most = float(image_HWC.max())
    fog_HW = octaves(image_HWC.shape[:2], decay, rng)
    return (image_HWC + amount * fog_HW[..., None]) * most / (most + amount)


def octaves(shape: tuple[int, int], decay: float, rng: np.random.Generator) -> np.ndarray:
    """Smooth noise in [0, 1]: uniform noise on grids of 2, 4, 8, ... points, each weaker."""
    count = math.ceil(math.log2(max(shape)))
    found_HW, size = np.zeros(shape), 2
    for octave in range(count):
        grid = rng.uniform(-1, 1, (size + 1, size + 1))
        rows, columns = (np.linspace(0, size, side, endpoint=False) for side in shape)
        places = np.meshgrid(rows, columns, indexing="ij")
        found_HW += ndimage.map_coordinates(grid, places, order=1) / decay**octave
        size *= 2
    spread = np.ptp(found_HW)
    return (found_HW - found_HW.min()) / (spread if spread > 0 else 1)


def _snow(image_HWC: np.ndarray, level: tuple[float, ...], rng: np.random.Generator) -> np.ndarray:
    """Flakes that fall at a slant, over a whitened image.

    Level: mean and standard deviation of the flakes, their size, the value below which there is
    none, radius and sigma of their motion in pixels, and the share of the image that stays.
    """
    mean, std, size, threshold, radius, sigma, stays = level
    flakes_HW1 = rng.normal(mean, std, image_HWC.shape[:2])[..., None]
    flakes_HW1 = enlarged(flakes_HW1, size) if size > 1 else flakes_HW1
    flakes_HW1 = np.clip(np.where(flakes_HW1 < threshold, 0, flakes_HW1), 0, 1)
    flakes_HW1 = moved_along(flakes_HW1, (radius, sigma), rng.uniform(45, 135))
    grey_HW1 = (image_HWC @ np.array([0.299, 0.587, 0.114], np.float32))[..., None]
    whitened = np.maximum(image_HWC, grey_HW1 * 1.5 + 0.5)
    return stays * image_HWC + (1 - stays) * whitened + flakes_HW1 + flakes_HW1[::-1, ::-1]


BRIGHTNESS = Corruption("brightness", "weather", (0.05, 0.1, 0.15, 0.2, 0.3), _brightness)
FOG = Corruption("fog", "weather", ((0.2, 3), (0.5, 3), (0.75, 2.5), (1, 2), (1.5, 1.75)), _fog)
SNOW = Corruption(
    "snow",
    "weather",
    (
        (0.1, 0.2, 1, 0.6, 8, 3, 0.95),
        (0.1, 0.2, 1, 0.5, 10, 4, 0.9),
        (0.15, 0.3, 1.75, 0.55, 10, 4, 0.9),
        (0.25, 0.3, 2.25, 0.6, 12, 6, 0.85),
        (0.3, 0.3, 1.25, 0.65, 14, 12, 0.8),
    ),
    _snow,
)
