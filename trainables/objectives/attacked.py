"""Adversarial training: cross-entropy on attacked images in the place of the given ones.

`pgd`: Madry et al., Towards Deep Learning Models Resistant to Adversarial Attacks, 2018. `fast`:
one step from a random start (Wong, Rice and Kolter, Fast is better than free, 2020); it may
collapse, which `watch.py` sees.

Shapes: P images of a part of a batch, C H W channels and pixels in [0, 1], K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from trainables.attacks.losses import ascent, log_odds
from trainables.config import TrialConfig
from trainables.objectives.base import Learner, Objective
from trainables.objectives.clean import cross_entropy
from trainables.objectives.crafting import Ball, anywhere, ball, crafted


@dataclass(frozen=True)
class Attacked:
    """Cross-entropy where it is largest within `within`, as far as the steps find it."""

    within: Ball
    label_smoothing: float

    def __call__(
        self, learner: Learner, inputs_P: torch.Tensor, targets_PK: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As of `Objective`."""
        aim_P1 = targets_PK.argmax(1, keepdim=True)
        worst_PCHW = crafted(
            learner.model,
            lambda images: ascent(learner.model, images, aim_P1, log_odds).gradient_NCHW,
            inputs_P,
            self.within,
            anywhere(inputs_P, self.within, learner.generator),
        )
        logits_PK = learner.net(worst_PCHW).float()
        return cross_entropy(logits_PK, targets_PK, self.label_smoothing), logits_PK


def make_pgd(config: TrialConfig) -> Objective:
    """With `adversarial_steps` steps."""
    within = ball(config.adversarial_eps_255, config.adversarial_steps)
    return Attacked(within, config.label_smoothing)


def make_fast(config: TrialConfig) -> Objective:
    """With a single step, whatever `adversarial_steps` says."""
    return Attacked(ball(config.adversarial_eps_255, 1), config.label_smoothing)
