"""Small versions of images: means over areas, at any size.

Shapes: N images of S pixels a side; T pixels a side of the small version.
"""

from __future__ import annotations

import numpy as np

SIDE = 8
"""Pixels a side of a thumbnail."""
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601
_CHUNK = 2000


def unit_thumbnails(images_NHWC: np.ndarray) -> np.ndarray:
    """Float32 [N, 192]: 8 x 8 colour thumbnails, mean taken off, length 1 (0 for one colour).

    The product of two rows is their correlation, which a change of brightness or contrast
    of the whole image leaves as it is.
    """
    thumbs_NF = np.empty((len(images_NHWC), SIDE * SIDE * 3), np.float32)
    for start in range(0, len(images_NHWC), _CHUNK):
        part = slice(start, start + _CHUNK)
        small = shrunk(images_NHWC[part], SIDE)
        thumbs_NF[part] = unit_rows(small.reshape(len(small), -1))
    return thumbs_NF


def greys(images_NHWC: np.ndarray, side: int) -> np.ndarray:
    """Float32 [N,T,T], grey, at most `side` pixels a side; smaller images as they are."""
    grey_NHW1 = (images_NHWC.astype(np.float32) @ _LUMA)[..., None]
    size = images_NHWC.shape[1]
    return (shrunk(grey_NHW1, side) if size > side else grey_NHW1)[..., 0]


def shrunk(images_NHWC: np.ndarray, side: int) -> np.ndarray:
    """Float32 [N,T,T,C]: each pixel the mean over its share of the area."""
    weights_TS = _area_weights(images_NHWC.shape[1], side)
    rows = np.einsum("ts,nswc->ntwc", weights_TS, images_NHWC.astype(np.float32), optimize=True)
    return np.einsum("uw,ntwc->ntuc", weights_TS, rows, optimize=True)


def unit_rows(rows_NF: np.ndarray) -> np.ndarray:
    """Rows without their mean, at length 1; a row of one value becomes zeros."""
    centred = rows_NF - rows_NF.mean(1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    # 1e-3 of a level is rounding, not a picture.
    return np.where(lengths > 1e-3, centred / np.maximum(lengths, 1e-3), 0).astype(np.float32)


def _area_weights(size: int, side: int) -> np.ndarray:
    """[T, S]: the share of each pixel's length in each small pixel; rows sum to 1."""
    edges = np.arange(side + 1) * size / side
    low = np.maximum(edges[:-1, None], np.arange(size))
    high = np.minimum(edges[1:, None], np.arange(size) + 1)
    return (np.clip(high - low, 0, None) * side / size).astype(np.float32)
