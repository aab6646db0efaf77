"""RandAugment: a few operations for each image, each drawn from the same 14, at one magnitude.

Cubuk et al., RandAugment, 2020, with the ranges of torchvision's class. Written here, since that
class draws one operation for the whole batch and from the global generator, so that a batch of 512
would see two operations in all. Here each image draws its own, in two departures for speed:
the operations are dealt out evenly (as from a shuffled pack, so that each image's own is still
uniform), and shapes are static, so that the host waits for nothing.

Shapes: N images, M slots (N or a few more), C channels, H W pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from search_spaces.errors import UsageError
from trainables.augment import rand_operations as operation
from trainables.augment.base import PerImage, where_chosen

# Called with images, a sign for each, a strength in [0, 1], and the colour of what lies outside.
Operation = Callable[[torch.Tensor, torch.Tensor, float, tuple[float, ...]], torch.Tensor]

OPERATIONS: tuple[Operation, ...] = (
    operation.identity,
    operation.autocontrast,
    operation.equalize,
    operation.rotate,
    operation.solarize,
    operation.saturation,
    operation.posterize,
    operation.contrast,
    operation.brightness,
    operation.sharpness,
    operation.shear_x,
    operation.shear_y,
    operation.translate_x,
    operation.translate_y,
)
MOST = 30  # the paper's scale of magnitudes


@dataclass(frozen=True)
class RandAugment(PerImage):
    """Changes each image with probability `p`.

    Args:
        operations: how many in a row for each image, at least 1.
        magnitude: of all of them, 0 to 30.
        mean_C: what lies outside of a moved image.

    Raises:
        UsageError: an argument out of range.
    """

    operations: int = 2
    magnitude: float = 9.0
    mean_C: tuple[float, ...] = (0.5,)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.operations < 1:
            raise UsageError("RandAugment makes at least one operation.", got=self.operations)
        if not 0 <= self.magnitude <= MOST:
            raise UsageError(f"A magnitude lies between 0 and {MOST}.", got=self.magnitude)

    def apply(
        self, images_NCHW: torch.Tensor, chosen_N: torch.Tensor, generator: torch.Generator
    ) -> torch.Tensor:
        changed = images_NCHW
        for _ in range(self.operations):
            changed = self._one_each(changed, generator)
        return where_chosen(chosen_N, changed, images_NCHW)

    def _one_each(self, images_NCHW: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """One operation for each image: slots are shuffled, and each operation has its own."""
        n, device = len(images_NCHW), images_NCHW.device
        each = -(-n // len(OPERATIONS))
        slots = each * len(OPERATIONS)
        image_M = torch.randperm(slots, generator=generator, device=device)
        sign_M = torch.randint(0, 2, (slots,), generator=generator, device=device) * 2.0 - 1
        # Slots beyond the last image compute image 0, for nobody.
        dealt_M = images_NCHW.index_select(0, torch.where(image_M < n, image_M, 0))
        parts = zip(OPERATIONS, dealt_M.split(each), sign_M.split(each), strict=True)
        strength = self.magnitude / MOST
        changed = [change(part, sign, strength, self.mean_C) for change, part, sign in parts]
        return torch.cat(changed).index_select(0, image_M.argsort()[:n])
