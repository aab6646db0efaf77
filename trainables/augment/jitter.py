"""Colour jitter: brightness, contrast, saturation and hue, each by a factor of its own an image.

Krizhevsky et al., 2012, and Howard, 2013, in the form of torchvision's ColorJitter; the order is
fixed, where torchvision draws one for the batch.

Shapes: N images, C channels, H W pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainables.augment.base import PerImage, uniform, where_chosen
from trainables.augment.colour import (
    adjust_brightness,
    adjust_contrast,
    adjust_hue,
    adjust_saturation,
)


@dataclass(frozen=True)
class ColourJitter(PerImage):
    """Changes each image's colours with probability `p`; a strength of 0 leaves that part out.

    Args:
        brightness, contrast, saturation: factors are drawn from [1 - it, 1 + it], at least 0.
        hue: turns are drawn from [-hue, hue], in whole turns, at most 0.5.
    """

    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0

    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        changed = images_NCHW
        for adjust, strength in (
            (adjust_brightness, self.brightness),
            (adjust_contrast, self.contrast),
            (adjust_saturation, self.saturation),
        ):
            if strength:
                low = max(0.0, 1 - strength)
                changed = adjust(changed, uniform(images_NCHW, low, 1 + strength, generator))
        if self.hue:
            turn_N = uniform(images_NCHW, -self.hue, self.hue, generator)
            changed = adjust_hue(changed, turn_N)
        return where_chosen(chosen_N, changed, images_NCHW)
