"""What an augmentation is: a batch of images in, a batch of the same shape out.

Everything is drawn for each image by itself, from the given generator, and computed for the whole
batch at once: no loop over images, no branch on a tensor, nothing that the host waits for.

Shapes: N images, C H W channels and pixels at the data's own size, float32 in [0, 1].
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from search_spaces.errors import UsageError


class Augmentation(Protocol):
    """Called by the training loop, once for each batch, on images that it may not change."""

    def __call__(
        self,
        images_NCHW: torch.Tensor,
        generator: torch.Generator,
        *,
        epoch: int = 0,
        rows_N: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """New images in [0, 1], of the same shape, type and device; any memory format.

        Args:
            generator: on the images' device; the only source of chance.
            epoch: counted from 0, for what alternates from epoch to epoch.
            rows_N: int64, which image of the training split each one is; on the images' device.
        """


class MakesPolicy(Protocol):
    """What the registry holds: a policy from what is known of the data.

    Args:
        mean_C: the data's mean colour in [0, 1], for pixels that have no image behind them. Images
            are augmented before they are normalised, so that a fill of 0 would be black.
    """

    def __call__(self, mean_C: Sequence[float] = (0.5,)) -> Augmentation: ...


@dataclass(frozen=True)
class PerImage(ABC):
    """An operation that happens to each image with probability `p`, and leaves the others alone.

    Raises:
        UsageError: a probability outside [0, 1].
    """

    p: float = field(default=1.0, kw_only=True)

    def __post_init__(self) -> None:
        if not 0 <= self.p <= 1:
            raise UsageError("A probability lies between 0 and 1.", got=self.p)

    def __call__(
        self,
        images_NCHW: torch.Tensor,
        generator: torch.Generator,
        *,
        epoch: int = 0,  # noqa: ARG002
        rows_N: torch.Tensor | None = None,  # noqa: ARG002
    ) -> torch.Tensor:
        """As of `Augmentation`."""
        chosen_N = uniform(images_NCHW, 0.0, 1.0, generator) < self.p
        return self.apply(images_NCHW, chosen_N, generator)

    @abstractmethod
    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        """New images, of which those that are not chosen (bool [N]) are the old ones bit for bit.

        Raises:
            UsageError: images too small for the operation.
        """


@dataclass(frozen=True)
class Sequential:
    """Operations one after another; none at all gives the images as they are."""

    operations: tuple[Augmentation, ...] = ()

    def __call__(
        self,
        images_NCHW: torch.Tensor,
        generator: torch.Generator,
        *,
        epoch: int = 0,
        rows_N: torch.Tensor | None = None,
    ) -> torch.Tensor:
        for operation in self.operations:
            images_NCHW = operation(images_NCHW, generator, epoch=epoch, rows_N=rows_N)
        return images_NCHW


def uniform(
    images_NCHW: torch.Tensor, low: float, high: float, generator: torch.Generator
) -> torch.Tensor:
    """float32 [N] in [low, high), one number an image."""
    share_N = torch.rand(len(images_NCHW), generator=generator, device=images_NCHW.device)
    return share_N * (high - low) + low


def whole(
    images_NCHW: torch.Tensor, low: int, high: int, generator: torch.Generator
) -> torch.Tensor:
    """int64 [N] in low..high, both included, one number an image."""
    size = (len(images_NCHW),)
    return torch.randint(low, high + 1, size, generator=generator, device=images_NCHW.device)


def where_chosen(
    chosen_N: torch.Tensor, changed_NCHW: torch.Tensor, images_NCHW: torch.Tensor
) -> torch.Tensor:
    """The changed images where chosen, the others bit for bit."""
    return torch.where(chosen_N[:, None, None, None], changed_NCHW, images_NCHW)


def colour(images_NCHW: torch.Tensor, mean_C: Sequence[float]) -> torch.Tensor:
    """A colour as a tensor [1, C or 1, 1, 1]; filled on the device, since a copy would wait."""
    return torch.stack([images_NCHW.new_full((1, 1, 1), value) for value in mean_C], dim=1)
