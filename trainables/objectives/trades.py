"""TRADES: right on the images as they are, and of one mind about them and their neighbours.

Zhang et al., Theoretically Principled Trade-off between Robustness and Accuracy, 2019: the loss is
the cross-entropy on an image plus beta times the Kullback-Leibler divergence of the prediction for
its worst neighbour from that for itself; the neighbour is where that divergence is largest, found
from a start of 0.001 times a normal draw.

Shapes: P images of a part of a batch, C H W channels and pixels in [0, 1], K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from trainables.config import TrialConfig
from trainables.objectives.base import Learner, Objective
from trainables.objectives.clean import cross_entropy
from trainables.objectives.crafting import Ball, ball, crafted, in_eval_mode

_START = 0.001  # at the image itself the divergence has no gradient


@dataclass(frozen=True)
class Trades:
    """Cross-entropy + beta * KL; training accuracy is that on the images as they are."""

    within: Ball
    beta: float
    label_smoothing: float

    def __call__(
        self, learner: Learner, inputs_P: torch.Tensor, targets_PK: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As of `Objective`."""
        worst_PCHW = self._neighbours(learner, inputs_P)
        logits_PK = learner.net(inputs_P).float()
        moved_PK = learner.net(worst_PCHW).float()
        clean_P = cross_entropy(logits_PK, targets_PK, self.label_smoothing)
        return clean_P + self.beta * divergence(moved_PK, logits_PK), logits_PK

    def _neighbours(self, learner: Learner, images01_PCHW: torch.Tensor) -> torch.Tensor:
        with in_eval_mode(learner.model), torch.no_grad():
            own_PK = learner.model(images01_PCHW).float()
        noise = torch.randn(
            images01_PCHW.shape, generator=learner.generator, device=images01_PCHW.device
        )
        return crafted(
            learner.model,
            lambda images: _gradient(learner.model, images, own_PK),
            images01_PCHW,
            self.within,
            _START * noise,
        )


def divergence(moved_PK: torch.Tensor, own_PK: torch.Tensor) -> torch.Tensor:
    """KL(own || moved) of the softmax of each pair of logits [P], in nats."""
    moved, own = functional.log_softmax(moved_PK, 1), functional.log_softmax(own_PK, 1)
    return functional.kl_div(moved, own, reduction="none", log_target=True).sum(1)


def _gradient(model: nn.Module, images01_PCHW: torch.Tensor, own_PK: torch.Tensor) -> torch.Tensor:
    """Of the divergence, with respect to the images."""
    with torch.enable_grad():
        images = images01_PCHW.detach().clone().requires_grad_(True)
        loss = divergence(model(images).float(), own_PK).sum()
        return torch.autograd.grad(loss, images)[0].float()


def make_trades(config: TrialConfig) -> Objective:
    """From a trial's config."""
    within = ball(config.adversarial_eps_255, config.adversarial_steps)
    return Trades(within, config.trades_beta, config.label_smoothing)
