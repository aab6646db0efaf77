"""Auto-PGD on the cross-entropy, against the label.

Croce and Hein, 2020: see `apgd.py`.
Shapes: N images, R of them that still stand, C H W channels and pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from trainables.attacks.apgd import climb
from trainables.attacks.balls import BALLS
from trainables.attacks.base import Attack
from trainables.attacks.losses import log_odds
from trainables.attacks.option import option
from trainables.attacks.standing import Standing
from trainables.attacks.streams import Streams


@dataclass(frozen=True, kw_only=True)
class APGDCrossEntropy(Attack):
    """`restarts` times `steps` steps, each try on what the ones before left standing."""

    name = "apgd_ce"

    steps: int = option(100, "steps along the gradient", low=1, high=10_000)
    restarts: int = option(1, "tries, each from a start of its own", low=1, high=1_000)

    def _stem(self) -> str:
        return "apgd"

    def most_passes(self, _: int, /) -> tuple[int, int]:
        steps = (self.steps + 1) * self.restarts
        return steps, steps

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        standing, streams = Standing(images01_NCHW), Streams(images01_NCHW, self.seed)
        for restart in range(self.restarts):
            if not len(standing):
                break
            rows_R = standing.rows_R
            ball = BALLS[self.norm](images01_NCHW[rows_R], eps)
            start = ball.random_start(streams.pick(rows_R), restart)
            found, broken_R = climb(
                model, start, labels_N[rows_R, None], log_odds, ball, self.steps
            )
            standing.put(found)
            standing.leave(broken_R, found)
        return standing.attacked_NCHW
