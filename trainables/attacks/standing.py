"""Which images of a batch still stand; those that an attack has broken leave it.

Shapes: N images of the batch, R of them that stand, C H W channels and pixels.
"""

from __future__ import annotations

import torch


class Standing:
    """The best attacked image of each so far, and the rows of those that no attack has broken.

    Args:
        images_NCHW: the clean images.
    """

    def __init__(self, images_NCHW: torch.Tensor) -> None:
        self.attacked_NCHW = images_NCHW.clone()
        self.rows_R = torch.arange(len(images_NCHW), device=images_NCHW.device)

    def __len__(self) -> int:
        return len(self.rows_R)

    def put(self, images_RCHW: torch.Tensor) -> None:
        """The last word on those that stand, unless more comes."""
        self.attacked_NCHW[self.rows_R] = images_RCHW

    def leave(self, broken_R: torch.Tensor, images_RCHW: torch.Tensor) -> torch.Tensor | None:
        """Lets the broken ones go with these images; a mask [R] of who stays, None if all do."""
        if not bool(broken_R.any()):
            return None
        self.attacked_NCHW[self.rows_R[broken_R]] = images_RCHW[broken_R]
        stays_R = ~broken_R
        self.rows_R = self.rows_R[stays_R]
        return stays_R
