"""Rotation about the centre, bilinear, the mean colour in the corners.

Shapes: N images, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainables.augment.base import PerImage, uniform, where_chosen
from trainables.augment.warp import maps, warp


@dataclass(frozen=True)
class Rotation(PerImage):
    """Turns each image with probability `p`.

    Args:
        degrees: (least, most), clockwise.
        mean_C: what lies outside of the image.
    """

    degrees: tuple[float, float] = (-15.0, 15.0)
    mean_C: tuple[float, ...] = (0.5,)

    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        turned = warp(
            images_NCHW, maps(uniform(images_NCHW, *self.degrees, generator)), self.mean_C
        )
        return where_chosen(chosen_N, turned, images_NCHW)
