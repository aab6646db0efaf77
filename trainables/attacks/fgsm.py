"""The fast gradient method: one step of full length from the clean image.

Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, 2015.
Shapes: N images, C H W channels and pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainables.attacks.balls import BALLS
from trainables.attacks.base import Attack, Craft, loss_gradient


@dataclass(frozen=True, kw_only=True)
class FGSM(Attack):
    """x + eps * sign(gradient), clipped to [0, 1]; exact for a linear model of two classes.

    In L2 the gradient is divided by its length instead.
    """

    name = "fgsm"

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        every_N = torch.arange(len(labels_N), device=labels_N.device)
        return self.begin(model, images01_NCHW, labels_N)(every_N, eps)

    def begin(self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor) -> Craft:
        """One gradient, at the clean images, serves every epsilon."""
        gradient_NCHW = loss_gradient(model, images01_NCHW, labels_N)
        towards_NCHW = BALLS[self.norm](images01_NCHW, 0.0).direction(gradient_NCHW)

        def craft(rows_R: torch.Tensor, eps: float) -> torch.Tensor:
            return (images01_NCHW[rows_R] + eps * towards_NCHW[rows_R]).clamp_(0, 1)

        return craft

    def most_passes(self, _: int, /) -> tuple[int, int]:
        """For all epsilons together."""
        return 1, 1

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "steps": 1, "restarts": 1}
