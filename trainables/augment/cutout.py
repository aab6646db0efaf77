"""Cutout: a square of each image is filled with the mean colour.

DeVries and Taylor, Improved Regularization with Cutout, 2017. The square lies wholly within the
image, as in davidcpage/cifar10-fast, whose 8 x 8 it is; the paper lets it hang over the edge.

Shapes: N images, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from search_spaces.errors import UsageError
from trainables.augment.base import PerImage, colour, whole


@dataclass(frozen=True)
class Cutout(PerImage):
    """Fills a square in each image with probability `p`.

    Args:
        size: pixels a side, at most the image's.
        mean_C: what it is filled with; one value serves all channels.

    Raises:
        UsageError: when called, if the images are smaller than the square.
    """

    size: int = 8
    mean_C: tuple[float, ...] = (0.5,)

    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        height, width = images_NCHW.shape[2:]
        if self.size > min(height, width):
            rule = f"A square cut out of {height} x {width} pixels is no larger than they are."
            raise UsageError(rule, got=self.size)
        rows_NH = _within(whole(images_NCHW, 0, height - self.size, generator), self.size, height)
        columns_NW = _within(whole(images_NCHW, 0, width - self.size, generator), self.size, width)
        rows_NH = rows_NH & chosen_N[:, None]
        cut_N1HW = (rows_NH[:, :, None] & columns_NW[:, None, :])[:, None]
        return torch.where(cut_N1HW, colour(images_NCHW, self.mean_C), images_NCHW)


def _within(first_N: torch.Tensor, size: int, length: int) -> torch.Tensor:
    """bool [N, length]: first..first+size-1."""
    behind = torch.arange(length, device=first_N.device) - first_N[:, None]
    return (behind >= 0) & (behind < size)
