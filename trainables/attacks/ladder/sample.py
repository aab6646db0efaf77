"""The images that a ladder attacks, in one random order for all nets.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

from search_spaces.errors import UsageError
from trainables.attacks.balls import BALLS, Ball
from trainables.attacks.provenance import sample_digest


@dataclass(frozen=True, eq=False)
class AttackedSample:
    """What is attacked, and how far the attack may go.

    Args:
        images_NHWC: uint8, at the data set's own resolution.
        norm: `linf` or `l2`.
        eps_255: in units of 1/255.
        seed: of the order; it has nothing to do with any net, so that any beginning of it is a
            random draw.

    Raises:
        UsageError: no images, or an epsilon that is not above 0.
    """

    images_NHWC: np.ndarray
    labels_N: np.ndarray
    norm: str
    eps_255: float
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.labels_N) == 0:
            raise UsageError("Robustness is measured on at least one image.", got=0)
        if not 0 < self.eps_255 <= 255 * 255:
            rule = "An epsilon is above 0, in units of 1/255, and no more than 65025."
            raise UsageError(rule, got=self.eps_255)

    def __len__(self) -> int:
        return len(self.labels_N)

    @cached_property
    def digest(self) -> str:
        """16 hex digits over pixels and labels."""
        return sample_digest(self.images_NHWC, self.labels_N)

    @cached_property
    def order_N(self) -> np.ndarray:
        """Rows in the order in which they are attacked."""
        return np.random.default_rng((self.seed, 0x1ADDE2)).permutation(len(self))

    @property
    def eps(self) -> float:
        """In units of the pixel range."""
        return self.eps_255 / 255

    def pixels(self, rows_R: np.ndarray, device: torch.device) -> torch.Tensor:
        """Images [R, C, H, W] in [0, 1]."""
        images = torch.from_numpy(np.ascontiguousarray(self.images_NHWC[rows_R])).to(device)
        return images.permute(0, 3, 1, 2).float() / 255

    def labels(self, rows_R: np.ndarray, device: torch.device) -> torch.Tensor:
        """Int64 [R]."""
        return torch.from_numpy(np.asarray(self.labels_N[rows_R], dtype=np.int64)).to(device)

    def ball(self, clean_RCHW: torch.Tensor) -> Ball:
        """Where an attack on these images may go."""
        return BALLS[self.norm](clean_RCHW, self.eps)
