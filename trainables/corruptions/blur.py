"""Blur: out of focus, through ribbed glass, by motion, by zooming.

Levels are CIFAR-10-C's; lengths in pixels grow with the image's side. Glass takes each pixel from a
random place nearby, where the original swaps pairs. Shapes: H W C an image.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from trainables.corruptions.corruption import Corruption, scale_of


def _defocus(
    image_HWC: np.ndarray, level: tuple[float, float], _: np.random.Generator
) -> np.ndarray:
    """A disk of this radius, its edge softened by a Gaussian of this sigma, in pixels."""
    radius, sigma = (each * scale_of(image_HWC) for each in level)
    reach = math.ceil(radius + 3 * sigma)
    offsets = np.arange(-reach, reach + 1)
    disk = (offsets[:, None] ** 2 + offsets[None] ** 2 <= radius**2).astype(np.float64)
    kernel = ndimage.gaussian_filter(disk, sigma, mode="constant")
    return ndimage.convolve(image_HWC, (kernel / kernel.sum())[..., None], mode="reflect")


def _glass(
    image_HWC: np.ndarray, level: tuple[float, int, int], rng: np.random.Generator
) -> np.ndarray:
    """Sigma of a Gaussian before and after, reach in pixels, and how often pixels are moved."""
    sigma, reach, times = level
    scale = scale_of(image_HWC)
    sigma, reach = sigma * scale, max(1, round(reach * scale))
    height, width = image_HWC.shape[:2]
    rows_HW, columns_HW = np.mgrid[:height, :width]
    found = ndimage.gaussian_filter(image_HWC, (sigma, sigma, 0))
    for _ in range(times):
        down, right = (rng.integers(-reach, reach + 1, (height, width)) for _ in range(2))
        found = found[
            np.clip(rows_HW + down, 0, height - 1), np.clip(columns_HW + right, 0, width - 1)
        ]
    return ndimage.gaussian_filter(found, (sigma, sigma, 0))


def _motion(
    image_HWC: np.ndarray, level: tuple[float, float], rng: np.random.Generator
) -> np.ndarray:
    """Radius and sigma in pixels, at an angle of up to 45 degrees from the horizontal."""
    return moved_along(image_HWC, level, rng.uniform(-45, 45))


def moved_along(image_HWC: np.ndarray, level: tuple[float, float], degrees: float) -> np.ndarray:
    """The mean of the image shifted by 0, 1, ... pixels, with weights of half a Gaussian.

    Args:
        level: radius (two of which are the length) and sigma, in pixels at 32 px.
        degrees: the direction, from the horizontal.
    """
    radius, sigma = (each * scale_of(image_HWC) for each in level)
    steps = np.arange(2 * round(radius) + 1)
    weights = np.exp(-(steps**2) / (2 * sigma**2))
    down, right = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    found = np.zeros_like(image_HWC)
    for step, weight in zip(steps, weights / weights.sum(), strict=True):
        if weight > 1e-4:
            shift = (step * down, step * right, 0)
            found += weight * ndimage.shift(image_HWC, shift, order=1, mode="nearest")
    return found


def _zoom(image_HWC: np.ndarray, most: float, _: np.random.Generator) -> np.ndarray:
    """The mean of the image and of itself enlarged by 1, 1.01, ... up to `most`."""
    factors = np.arange(1, most, 0.01)
    found = image_HWC.copy()
    for factor in factors:
        found += enlarged(image_HWC, float(factor))
    return found / (len(factors) + 1)


def enlarged(image_HWC: np.ndarray, factor: float) -> np.ndarray:
    """About its middle, cut to its own size."""
    middle = (np.array(image_HWC.shape[:2]) - 1) / 2
    offset = (*(middle - middle / factor), 0)
    scale = (1 / factor, 1 / factor, 1)
    found: np.ndarray = ndimage.affine_transform(image_HWC, scale, offset, order=1, mode="nearest")
    return found


DEFOCUS_BLUR = Corruption(
    "defocus_blur", "blur", ((0.3, 0.4), (0.4, 0.5), (0.5, 0.6), (1, 0.2), (1.5, 0.1)), _defocus
)
GLASS_BLUR = Corruption(
    "glass_blur",
    "blur",
    ((0.05, 1, 1), (0.25, 1, 1), (0.4, 1, 1), (0.25, 1, 2), (0.4, 1, 2)),
    _glass,
)
MOTION_BLUR = Corruption(
    "motion_blur", "blur", ((6, 1), (6, 1.5), (6, 2), (8, 2), (9, 2.5)), _motion
)
ZOOM_BLUR = Corruption("zoom_blur", "blur", (1.06, 1.11, 1.16, 1.21, 1.26), _zoom)
