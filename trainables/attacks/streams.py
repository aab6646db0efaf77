"""Random numbers of an attack: each image has a stream of its own.

So an image's start does not hang on which images share its batch, on which of them have left it,
nor on how many restarts follow: more restarts only add to what fewer have tried.

Shapes: N images.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Self

import numpy as np
import torch


class Streams:
    """Streams that follow from the attack's seed and each image's own pixels.

    Args:
        images_NCHW: the clean images.
        seed: the attack's.
    """

    def __init__(self, images_NCHW: torch.Tensor, seed: int) -> None:
        self._seed = seed
        self._device = images_NCHW.device
        pixels = np.ascontiguousarray(images_NCHW.detach().cpu().numpy())
        self._digests = np.array([zlib.crc32(image.tobytes()) for image in pixels], dtype=np.int64)

    def pick(self, rows: torch.Tensor) -> Self:
        """The streams of these images alone (a mask or indices)."""
        picked = type(self).__new__(type(self))
        picked._seed, picked._device = self._seed, self._device
        picked._digests = self._digests[rows.cpu().numpy()]
        return picked

    def uniform(self, restart: int, shape: Sequence[int], *, salt: int = 0) -> torch.Tensor:
        """Uniform in [0, 1): float32 [N, *shape]."""
        draws = [g.random(tuple(shape), dtype=np.float32) for g in self._generators(restart, salt)]
        return self._stacked(draws, shape)

    def normal(self, restart: int, shape: Sequence[int]) -> torch.Tensor:
        """Standard normal: float32 [N, *shape]."""
        generators = self._generators(restart, 0)
        draws = [g.standard_normal(tuple(shape), dtype=np.float32) for g in generators]
        return self._stacked(draws, shape)

    def _generators(self, restart: int, salt: int) -> list[np.random.Generator]:
        key = (self._seed, restart, salt)
        return [np.random.default_rng((*key, int(digest))) for digest in self._digests]

    def _stacked(self, draws: list[np.ndarray], shape: Sequence[int]) -> torch.Tensor:
        stacked = np.stack(draws) if draws else np.empty((0, *shape), np.float32)
        return torch.from_numpy(stacked).to(self._device)
