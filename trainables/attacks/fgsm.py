"""The fast gradient sign method: one step of full length to the corner that the gradient names.

Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, 2015.
Shapes: N images, C H W channels and pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import nn

from trainables.attacks.base import Attack, loss_gradient


class FGSM(Attack):
    """x + eps * sign(gradient), clipped to [0, 1]; exact for a linear model of two classes."""

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
        sign_NCHW = loss_gradient(model, images01_NCHW, labels_N).sign_()
        for eps in epsilons:
            yield (images01_NCHW + eps * sign_NCHW).clamp_(0, 1)
