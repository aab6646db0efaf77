"""The whole classifier, from pixels to logits, as one differentiable and exportable module.

Shapes: N images, C = 3 channels, H W their own size, S the size the body sees, F features,
K classes.
"""

from __future__ import annotations

from typing import Self

import torch
from torch import nn
from torch.nn import functional

MODES = ("bicubic", "bilinear")


class Preprocess(nn.Module):
    """Pixels as the data set has them to what a body was trained on: scale, resize, normalise.

    The one place where this happens: the feature cache, the attacks and the exported model all
    call it, so an epsilon measured in front of it means the data set's own pixels.

    Antialiasing is on: the same as PIL's resize when shrinking (`folder:` images), and when
    enlarging 32 -> 224 PIL's bicubic (a = -0.5) to 4e-6, where without it torch takes a = -0.75 and
    differs by 0.08. A linear probe's accuracy cannot tell the two (benchmarks/normalisation.py,
    128 px, with / without: lite0 80.4 / 80.5, lite2 82.1 / 82.7, mobilenet_v2 79.7 / 79.8; one draw
    strays by 2), so agreement with PIL decides, and speed: 0.12 s against 0.30 for 64 images.

    Args:
        input_size: S, pixels a side that the body sees.
        mean: per channel, in units of the pixel range [0, 1].
        std: per channel, in the same units.
        interpolation: "bicubic" or "bilinear".

    Raises:
        ValueError: an interpolation that is not differentiable or not known.
    """

    mean_C11: torch.Tensor
    std_C11: torch.Tensor

    def __init__(
        self,
        input_size: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        interpolation: str = "bicubic",
    ) -> None:
        super().__init__()
        if interpolation not in MODES:
            raise ValueError(f"Interpolation is one of {MODES}. Got: {interpolation!r}.")
        self.input_size = input_size
        self.interpolation = interpolation
        self.register_buffer("mean_C11", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1))
        self.register_buffer("std_C11", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1))

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """uint8, or float in [0, 1], at any size -> float32 [N, C, S, S].

        Always resizes, at scale 1 too (an exact identity then): a branch on the size would be
        baked into an exported graph.
        """
        return (self.resize(pixels01(images_NCHW)) - self.mean_C11) / self.std_C11

    def resize(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C, S, S], not clipped: bicubic may overshoot [0, 1] at an edge."""
        size = (self.input_size, self.input_size)
        return functional.interpolate(
            images01_NCHW, size, mode=self.interpolation, align_corners=False, antialias=True
        )

    def extra_repr(self) -> str:
        """What `print` shows of it."""
        return f"input_size={self.input_size}, interpolation={self.interpolation}"


class EagerPreprocess(Preprocess):
    """The same for training, where nothing is exported: images of size S are not resized."""

    def resize(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C, S, S]."""
        size = (self.input_size, self.input_size)
        return images01_NCHW if images01_NCHW.shape[2:] == size else super().resize(images01_NCHW)


def pixels01(images_NCHW: torch.Tensor) -> torch.Tensor:
    """uint8 divided by 255, floats as they are; float32 either way.

    Raises:
        TypeError: neither uint8 nor floating point.
    """
    if images_NCHW.dtype == torch.uint8:
        return images_NCHW.to(torch.float32) / 255
    if not images_NCHW.is_floating_point():
        raise TypeError(f"Images are uint8, or float in [0, 1]. Got: {images_NCHW.dtype}.")
    return images_NCHW.to(torch.float32)


class PixelClassifier(nn.Module):
    """images_NCHW (uint8, or float in [0, 1]) at the data's own size -> logits_NK.

    A body without a trainable parameter stays in eval mode under `.train()`: its BatchNorm
    statistics are part of the pretrained weights.
    """

    def __init__(self, preprocess: nn.Module, body: nn.Module, head: nn.Module) -> None:
        super().__init__()
        self.preprocess = preprocess
        self.body = body
        self.head = head

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, K]."""
        return self.head(self.body(self.preprocess(images_NCHW)))

    def train(self, mode: bool = True) -> Self:
        """Train mode for what trains; a frozen body stays as it is."""
        super().train(mode)
        if not any(parameter.requires_grad for parameter in self.body.parameters()):
            self.body.eval()
        return self
