"""The base of an attack, and the gradient that attacks are made of.

Shapes: N images, C H W channels and pixels of the data set's own resolution, in [0, 1], K classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional


class Attack(ABC):
    """Looks for images near the given ones that the model gets wrong.

    Called by `robustness_curve`, with the model in eval mode, one batch at a time, from within
    `leaving_no_trace`. Randomness comes from `self.seed` alone.

    Args:
        seed: of a random start, where the attack has one.
    """

    name: ClassVar[str]
    norm: ClassVar[str] = "linf"
    steps: ClassVar[int] = 1
    restarts: ClassVar[int] = 1

    def __init__(self, *, seed: int = 0) -> None:
        self.seed = seed

    @abstractmethod
    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        """Attacked images in [0, 1], each within `eps` (in units of the pixel range) of its own."""

    def each_eps(
        self,
        model: nn.Module,
        images01_NCHW: torch.Tensor,
        labels_N: torch.Tensor,
        epsilons: Sequence[float],
    ) -> Iterator[torch.Tensor]:
        """Attacked images for each of `epsilons`; overridden where they can share work."""
        for eps in epsilons:
            yield self(model, images01_NCHW, labels_N, eps)

    def describe(self) -> dict[str, Any]:
        """What the score's provenance says of the attack."""
        return {
            "attack": self.name,
            "norm": self.norm,
            "steps": self.steps,
            "restarts": self.restarts,
            "seed": self.seed,
        }


def loss_gradient(
    model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor
) -> torch.Tensor:
    """Gradient of the cross-entropy with respect to the images, up to a positive factor an image.

    With p the softmax of the logits z and y the label, the cross-entropy's gradient is
    (1 - p_y) times that of logsumexp over j != y of z_j, minus z_y. The factor is left out: in
    float32 it is exactly 0 as soon as the margin exceeds 17, so a head with large logits would
    look robust while nothing was attacked (seen once at lr 0.096: robust_score 64, 74 % of the
    gradient exactly zero; the same settings score 18 with the factor left out, n = 1).

    The sum keeps each image's gradient its own; `autograd.grad` leaves every `.grad` alone.
    """
    with torch.enable_grad():
        images = images01_NCHW.detach().clone().requires_grad_(True)
        logits_NK = model(images).float()
        label_NK = functional.one_hot(labels_N, logits_NK.shape[1]).bool()
        others_N = logits_NK.masked_fill(label_NK, -torch.inf).logsumexp(dim=1)
        loss = (others_N - logits_NK[label_NK]).sum()
        return torch.autograd.grad(loss, images)[0].float()
