"""Auto-PGD towards each of the most likely other classes in turn.

Croce and Hein, 2020: see `apgd.py`; the targeted difference of logits ratio is in `losses.py`.
Shapes: N images, R of them that still stand, T targets, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from trainables.attacks.apgd import climb
from trainables.attacks.balls import BALLS
from trainables.attacks.base import Attack
from trainables.attacks.losses import targeted_ratio
from trainables.attacks.option import option
from trainables.attacks.standing import Standing
from trainables.attacks.streams import Streams


@dataclass(frozen=True, kw_only=True)
class APGDTargeted(Attack):
    """`targets` times `steps` steps, the likeliest class first; any mistake breaks an image.

    With K classes there are K - 1 targets at the most.
    """

    name = "apgd_t"

    steps: int = option(100, "steps along the gradient towards each target", low=1, high=10_000)
    targets: int = option(9, "other classes to aim at, the likeliest first", low=1, high=10_000)
    restarts: int = option(1, "tries a target, each from a start of its own", low=1, high=1_000)

    def most_passes(self, classes: int, /) -> tuple[int, int]:
        steps = (self.steps + 1) * self.restarts * min(self.targets, classes - 1)
        return 1 + steps, steps

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        standing, streams = Standing(images01_NCHW), Streams(images01_NCHW, self.seed)
        targets_NT = _likeliest_others(model, images01_NCHW, labels_N)[:, : self.targets]
        tries = [(r, t) for r in range(self.restarts) for t in range(targets_NT.shape[1])]
        for number, (_, target) in enumerate(tries):
            if not len(standing):
                break
            rows_R = standing.rows_R
            ball = BALLS[self.norm](images01_NCHW[rows_R], eps)
            aim_R2 = torch.stack([labels_N[rows_R], targets_NT[rows_R, target]], dim=1)
            start = ball.random_start(streams.pick(rows_R), number)
            found, broken_R = climb(model, start, aim_R2, targeted_ratio, ball, self.steps)
            standing.put(found)
            standing.leave(broken_R, found)
        return standing.attacked_NCHW


@torch.no_grad()
def _likeliest_others(
    model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor
) -> torch.Tensor:
    """Classes other than the label by their logits at the clean images, [N, K - 1]."""
    logits_NK = model(images01_NCHW).float()
    label_NK = functional.one_hot(labels_N, logits_NK.shape[1]).bool()
    others_NK = logits_NK.masked_fill(label_NK, -torch.inf)
    return others_NK.argsort(dim=1, descending=True, stable=True)[:, :-1]
