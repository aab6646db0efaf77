"""The 14 operations of RandAugment, each for a batch: a sign for each image, one strength for all.

Ranges at full strength: 30 degrees, a shear of 0.3, a shift of 150 / 331 of the side, factors of
1 +- 0.9, 4 bits, a threshold of 0 (torchvision's). Moved bilinearly about the image's centre.

Shapes: M images, C channels, H W pixels, in [0, 1].
"""

from __future__ import annotations

import torch
from torchvision.transforms.v2 import functional as torchvisions

from trainables.augment import colour
from trainables.augment.warp import maps, warp

_DEGREES = 30.0
_SHEAR = 0.3
_SHIFT = 150 / 331
_FACTOR = 0.9
_BITS = 4

Images = torch.Tensor
Signs = torch.Tensor
Colour = tuple[float, ...]


def identity(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """As it is."""
    return images_MCHW


def autocontrast(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Each channel stretched to 0..1; one that is flat stays."""
    least = images_MCHW.amin(dim=(2, 3), keepdim=True)
    span = images_MCHW.amax(dim=(2, 3), keepdim=True) - least
    stretched = ((images_MCHW - least) / span).clamp(0, 1)
    return torch.where(span > 0, stretched, images_MCHW)


def equalize(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Each channel's histogram made flat, in 8 bits."""
    return torchvisions.equalize(images_MCHW)


def solarize(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """What is at least as bright as 1 - strength is inverted."""
    return torch.where(images_MCHW >= 1 - strength, 1 - images_MCHW, images_MCHW)


def posterize(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Of each value's 8 bits the lowest are set to 0: none to 4 of them."""
    step = 1 << round(_BITS * strength)
    return (images_MCHW * 255).round_().div_(step, rounding_mode="floor").mul_(step / 255)


def brightness(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Darker or brighter."""
    return colour.adjust_brightness(images_MCHW, 1 + _FACTOR * strength * sign_M)


def contrast(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Less or more contrast."""
    return colour.adjust_contrast(images_MCHW, 1 + _FACTOR * strength * sign_M)


def saturation(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Greyer or more colourful; the paper's "color"."""
    return colour.adjust_saturation(images_MCHW, 1 + _FACTOR * strength * sign_M)


def sharpness(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:  # noqa: ARG001
    """Smoother or sharper."""
    return colour.adjust_sharpness(images_MCHW, 1 + _FACTOR * strength * sign_M)


def rotate(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:
    """To the left or the right."""
    return warp(images_MCHW, maps(_DEGREES * strength * sign_M), mean_C)


def shear_x(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:
    """The vertical leans."""
    return warp(images_MCHW, maps(shear_x_N=_SHEAR * strength * sign_M), mean_C)


def shear_y(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:
    """The horizontal leans."""
    return warp(images_MCHW, maps(shear_y_N=_SHEAR * strength * sign_M), mean_C)


def translate_x(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:
    """To the left or the right."""
    pixels = _SHIFT * strength * images_MCHW.shape[3]
    return warp(images_MCHW, maps(right_N=pixels * sign_M), mean_C)


def translate_y(images_MCHW: Images, sign_M: Signs, strength: float, mean_C: Colour) -> Images:
    """Up or down."""
    pixels = _SHIFT * strength * images_MCHW.shape[2]
    return warp(images_MCHW, maps(down_N=pixels * sign_M), mean_C)
