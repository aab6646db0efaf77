"""Changes of colour by a factor an image: brightness, contrast, saturation, hue, sharpness.

The definitions are Pillow's (ImageEnhance) and torchvision's, whose functions take one factor for
all images; here each image has its own. Images of one channel have no saturation and no hue.

Shapes: N images, C channels (1 or 3), H W pixels, in [0, 1].
"""

from __future__ import annotations

import torch
from torch.nn import functional

_RED, _GREEN, _BLUE = 0.2989, 0.587, 0.114  # ITU-R BT.601 luma, to torchvision's digits


def adjust_brightness(images_NCHW: torch.Tensor, factor_N: torch.Tensor) -> torch.Tensor:
    """0 is black, 1 the image, 2 twice as bright."""
    return (images_NCHW * factor_N[:, None, None, None]).clamp_(0, 1)


def adjust_contrast(images_NCHW: torch.Tensor, factor_N: torch.Tensor) -> torch.Tensor:
    """0 is the image's mean grey, 1 the image."""
    mean = _grey(images_NCHW).mean(dim=(1, 2, 3), keepdim=True)
    return _blend(images_NCHW, mean, factor_N)


def adjust_saturation(images_NCHW: torch.Tensor, factor_N: torch.Tensor) -> torch.Tensor:
    """0 is grey, 1 the image."""
    if images_NCHW.shape[1] == 1:
        return images_NCHW
    return _blend(images_NCHW, _grey(images_NCHW), factor_N)


def adjust_hue(images_NCHW: torch.Tensor, turn_N: torch.Tensor) -> torch.Tensor:
    """Turns the colour circle: by -0.5 to 0.5 of a whole turn."""
    if images_NCHW.shape[1] == 1:
        return images_NCHW
    hue, chroma, value = _hue_chroma_value(images_NCHW)
    hue = (hue + 6 * turn_N[:, None, None]) % 6
    channels = []
    for corner in (5, 3, 1):  # red, green, blue: Smith, Color Gamut Transform Pairs, 1978
        place = (corner + hue) % 6
        channels.append(value - chroma * torch.minimum(place, 4 - place).clamp_(0, 1))
    return torch.stack(channels, dim=1).clamp_(0, 1)


def adjust_sharpness(images_NCHW: torch.Tensor, factor_N: torch.Tensor) -> torch.Tensor:
    """0 is smoothed, 1 the image, 2 sharpened; the outermost pixels stay as they are."""
    channels = images_NCHW.shape[1]
    kernel = images_NCHW.new_full((channels, 1, 3, 3), 1 / 13)
    kernel[:, :, 1, 1] = 5 / 13
    smooth = images_NCHW.clone()
    smooth[:, :, 1:-1, 1:-1] = functional.conv2d(images_NCHW, kernel, groups=channels)
    return _blend(images_NCHW, smooth, factor_N)


def _blend(images_NCHW: torch.Tensor, other: torch.Tensor, factor_N: torch.Tensor) -> torch.Tensor:
    """`factor` of the image and 1 - `factor` of the other."""
    factor = factor_N[:, None, None, None]
    return (images_NCHW * factor + other * (1 - factor)).clamp_(0, 1)


def _grey(images_NCHW: torch.Tensor) -> torch.Tensor:
    """Luma, [N, 1, H, W]."""
    if images_NCHW.shape[1] == 1:
        return images_NCHW
    red, green, blue = images_NCHW.split(1, dim=1)
    return _RED * red + _GREEN * green + _BLUE * blue


def _hue_chroma_value(
    images_NCHW: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Hue in sixths of a turn, largest minus smallest channel, largest channel; [N, H, W] each."""
    red, green, blue = images_NCHW.unbind(dim=1)
    least, value = torch.aminmax(images_NCHW, dim=1)
    chroma = value - least
    # A grey pixel has no hue: with 1 for a divisor it becomes a number that chroma 0 makes void.
    divisor = torch.where(chroma == 0, torch.ones_like(chroma), chroma)
    of_blue = (red - green) / divisor + 4
    of_green = (blue - red) / divisor + 2
    of_red = (green - blue) / divisor
    hue = torch.where(value == red, of_red, torch.where(value == green, of_green, of_blue))
    return hue, chroma, value
