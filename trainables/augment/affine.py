"""Small rotation, scaling, shear and translation in one map, and so in one interpolation.

Shapes: N images, C channels, H W pixels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from search_spaces.errors import UsageError
from trainables.augment.base import PerImage, uniform, where_chosen
from trainables.augment.warp import maps, warp


@dataclass(frozen=True)
class Affine(PerImage):
    """Maps each image with probability `p`; all ranges are (least, most).

    Args:
        degrees: of rotation, clockwise.
        scale: 2 makes everything twice as large; above 0.
        shear: degrees by which the vertical leans, between -90 and 90.
        translate: share of the side by which it moves, drawn each way by itself.
        mean_C: what lies outside of the image.

    Raises:
        UsageError: a scale that is not above 0.
    """

    degrees: tuple[float, float] = (0.0, 0.0)
    scale: tuple[float, float] = (1.0, 1.0)
    shear: tuple[float, float] = (0.0, 0.0)
    translate: tuple[float, float] = (0.0, 0.0)
    mean_C: tuple[float, ...] = (0.5,)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.scale[0] <= 0:
            raise UsageError("Images are scaled by a factor above 0.", got=self.scale)

    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        height, width = images_NCHW.shape[2:]
        drawn_N23 = maps(
            uniform(images_NCHW, *self.degrees, generator),
            scale_N=uniform(images_NCHW, *self.scale, generator),
            shear_x_N=(uniform(images_NCHW, *self.shear, generator) * (math.pi / 180)).tan(),
            right_N=uniform(images_NCHW, *self.translate, generator) * width,
            down_N=uniform(images_NCHW, *self.translate, generator) * height,
        )
        return where_chosen(chosen_N, warp(images_NCHW, drawn_N23, self.mean_C), images_NCHW)
