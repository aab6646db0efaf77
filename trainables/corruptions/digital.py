"""What is done to a picture after it was taken: contrast, warping, coarse pixels, JPEG.

Levels are CIFAR-10-C's; lengths in pixels grow with the image's side. Shapes: H W C an image.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image
from scipy import ndimage

from trainables.corruptions.corruption import Corruption


def _contrast(image_HWC: np.ndarray, share: float, _: np.random.Generator) -> np.ndarray:
    """A share of the distance from each channel's mean is left."""
    mean_11C = image_HWC.mean(axis=(0, 1), keepdims=True)
    return mean_11C + (image_HWC - mean_11C) * share


def _elastic(
    image_HWC: np.ndarray, level: tuple[float, float, float], rng: np.random.Generator
) -> np.ndarray:
    """Length and smoothness of local shifts, and how far three corners are pulled, of its side."""
    length, smooth, pull = (each * min(image_HWC.shape[:2]) for each in level)
    height, width = image_HWC.shape[:2]
    middle, third = np.array([height, width]) / 2, min(height, width) / 3
    corners = middle + third * np.array([[1, 1], [-1, 1], [-1, -1]])
    pulled = corners + rng.uniform(-pull, pull, (3, 2))
    matrix, *_ = np.linalg.lstsq(np.c_[pulled, np.ones(3)], corners, rcond=None)
    rows_HW, columns_HW = np.mgrid[:height, :width].astype(np.float64)
    places = np.stack([rows_HW, columns_HW], axis=-1)
    places = np.concatenate([places, np.ones((height, width, 1))], axis=-1) @ matrix
    shifts = [
        ndimage.gaussian_filter(rng.uniform(-1, 1, (height, width)), smooth, truncate=3) * length
        for _ in range(2)
    ]
    where = [places[..., axis] + shifts[axis] for axis in range(2)]
    channels = [
        ndimage.map_coordinates(image_HWC[..., c], where, order=1, mode="reflect")
        for c in range(image_HWC.shape[2])
    ]
    return np.stack(channels, axis=-1)


def _pixelate(image_HWC: np.ndarray, share: float, _: np.random.Generator) -> np.ndarray:
    """Shrunk to this share of its side, and enlarged again."""
    height, width = image_HWC.shape[:2]
    small = _picture(image_HWC).resize(
        (max(1, int(width * share)), max(1, int(height * share))), Image.Resampling.BOX
    )
    return _array(small.resize((width, height), Image.Resampling.BOX))


def _jpeg(image_HWC: np.ndarray, quality: int, _: np.random.Generator) -> np.ndarray:
    """Written and read again."""
    file = io.BytesIO()
    _picture(image_HWC).save(file, "JPEG", quality=quality)
    return _array(Image.open(file))


def _picture(image_HWC: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(image_HWC * 255).astype(np.uint8))


def _array(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture, dtype=np.float32) / 255


CONTRAST = Corruption("contrast", "digital", (0.75, 0.5, 0.4, 0.3, 0.15), _contrast)
ELASTIC_TRANSFORM = Corruption(
    "elastic_transform",
    "digital",
    ((0, 0, 0.08), (0.05, 0.2, 0.07), (0.08, 0.06, 0.06), (0.1, 0.04, 0.05), (0.1, 0.03, 0.03)),
    _elastic,
)
PIXELATE = Corruption("pixelate", "digital", (0.95, 0.9, 0.85, 0.75, 0.65), _pixelate)
JPEG_COMPRESSION = Corruption("jpeg_compression", "digital", (80, 65, 58, 50, 40), _jpeg)
