"""Exact duplicates, by a hash over an image's bytes. Shapes: N query images, M reference images."""

from __future__ import annotations

import hashlib

import numpy as np


def hashes(images_NHWC: np.ndarray) -> list[bytes]:
    """16 bytes an image; equal pixels have equal ones, and no two others in practice."""
    return [
        hashlib.blake2b(np.ascontiguousarray(image).data, digest_size=16).digest()
        for image in images_NHWC
    ]


def copies(queries_N: list[bytes], references_M: list[bytes]) -> dict[int, int]:
    """Query index -> the first reference with the same pixels."""
    first: dict[bytes, int] = {}
    for place, digest in enumerate(references_M):
        first.setdefault(digest, place)
    return {place: first[digest] for place, digest in enumerate(queries_N) if digest in first}


def repeats(images_N: list[bytes]) -> dict[int, int]:
    """Index of each image whose pixels came before -> the first with these pixels."""
    return {place: first for place, first in copies(images_N, images_N).items() if first < place}
