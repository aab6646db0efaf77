"""The fast gradient method: one step of full length from the clean image.

Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, 2015.
Shapes: N images, C H W channels and pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainables.attacks.balls import BALLS
from trainables.attacks.base import Attack, loss_gradient


@dataclass(frozen=True, kw_only=True)
class FGSM(Attack):
    """x + eps * sign(gradient), clipped to [0, 1]; exact for a linear model of two classes.

    In L2 the gradient is divided by its length instead.
    """

    name = "fgsm"

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        return next(self.each_eps(model, images01_NCHW, labels_N, (eps,)))

    def each_eps(
        self,
        model: nn.Module,
        images01_NCHW: torch.Tensor,
        labels_N: torch.Tensor,
        epsilons: Sequence[float],
    ) -> Iterator[torch.Tensor]:
        """One gradient, at the clean images, serves every epsilon."""
        gradient_NCHW = loss_gradient(model, images01_NCHW, labels_N)
        towards_NCHW = BALLS[self.norm](images01_NCHW, 0.0).direction(gradient_NCHW)
        for eps in epsilons:
            yield (images01_NCHW + eps * towards_NCHW).clamp_(0, 1)

    def most_passes(self, _: int, /) -> tuple[int, int]:
        """For all epsilons together."""
        return 1, 1

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "steps": 1, "restarts": 1}
