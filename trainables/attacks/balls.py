"""Where an attack may go: within epsilon of the clean image in a norm, and within [0, 1].

Shapes: N images, C H W channels and pixels.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import torch

from trainables.attacks.streams import Streams


class Ball(ABC):
    """All images within `eps` of each clean image.

    Args:
        clean_NCHW: in [0, 1].
        eps: in units of the pixel range.
    """

    def __init__(self, clean_NCHW: torch.Tensor, eps: float) -> None:
        self.clean_NCHW = clean_NCHW
        self.eps = eps

    def pick(self, rows: torch.Tensor) -> Self:
        """The balls of these images alone (a mask or indices)."""
        return type(self)(self.clean_NCHW[rows], self.eps)

    @abstractmethod
    def project(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """Back into the ball, and into [0, 1]."""

    @abstractmethod
    def direction(self, gradient_NCHW: torch.Tensor) -> torch.Tensor:
        """The step of length 1 in the norm along which the loss rises most; 0 where it is flat."""

    @abstractmethod
    def random_start(self, streams: Streams, restart: int) -> torch.Tensor:
        """An image drawn uniformly from each ball, then clipped to [0, 1]."""


class LinfBall(Ball):
    """No pixel changes by more than `eps`."""

    def __init__(self, clean_NCHW: torch.Tensor, eps: float) -> None:
        super().__init__(clean_NCHW, eps)
        self._low_NCHW = (clean_NCHW - eps).clamp_(min=0)
        self._high_NCHW = (clean_NCHW + eps).clamp_(max=1)

    def project(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return torch.clamp(images_NCHW, self._low_NCHW, self._high_NCHW)

    def direction(self, gradient_NCHW: torch.Tensor) -> torch.Tensor:
        return gradient_NCHW.sign()

    def random_start(self, streams: Streams, restart: int) -> torch.Tensor:
        noise_NCHW = streams.uniform(restart, self.clean_NCHW.shape[1:]).mul_(2).sub_(1)
        return self.project(self.clean_NCHW + self.eps * noise_NCHW)


class L2Ball(Ball):
    """The square root of the sum of squared changes, over all pixels and channels, is up to `eps`.

    Clipping to [0, 1] comes last: the clean image lies in that box, so clipping only shortens.
    """

    def project(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        change_NCHW = images_NCHW - self.clean_NCHW
        # At eps 0 too, where 0 / 0 would be no number.
        factor_N111 = self.eps / _length(change_NCHW).clamp(min=max(self.eps, 1e-12))
        return (self.clean_NCHW + change_NCHW * factor_N111).clamp_(0, 1)

    def direction(self, gradient_NCHW: torch.Tensor) -> torch.Tensor:
        # The largest entry first: squares of gradients of 1e-23 are 0 in float32.
        largest_N111 = gradient_NCHW.abs().amax(dim=(1, 2, 3), keepdim=True)
        scaled_NCHW = gradient_NCHW / largest_N111.clamp(min=torch.finfo(torch.float32).tiny)
        return scaled_NCHW / _length(scaled_NCHW).clamp(min=1e-12)

    def random_start(self, streams: Streams, restart: int) -> torch.Tensor:
        shape = self.clean_NCHW.shape[1:]
        towards_NCHW = self.direction(streams.normal(restart, shape))
        # In d dimensions the share of a ball's volume within radius r is r ** d.
        radius_N = streams.uniform(restart, (1,), salt=1)[:, 0] ** (1 / shape.numel())
        return self.project(
            self.clean_NCHW + self.eps * radius_N[:, None, None, None] * towards_NCHW
        )


BALLS: dict[str, type[Ball]] = {"linf": LinfBall, "l2": L2Ball}


def _length(change_NCHW: torch.Tensor) -> torch.Tensor:
    """L2 norm of each image's change, [N, 1, 1, 1]."""
    return change_NCHW.flatten(1).norm(dim=1)[:, None, None, None]
