"""Projected gradient descent: many small steps along the gradient, never further than epsilon.

Madry, Makelov, Schmidt, Tsipras and Vladu, Towards Deep Learning Models Resistant to Adversarial
Attacks, 2018.
Shapes: N images, R of them that still stand, C H W channels and pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from search_spaces.errors import UsageError
from trainables.attacks.balls import BALLS
from trainables.attacks.base import Attack
from trainables.attacks.losses import ascent, log_odds
from trainables.attacks.option import option
from trainables.attacks.standing import Standing
from trainables.attacks.streams import Streams


@dataclass(frozen=True, kw_only=True)
class PGD(Attack):
    """`restarts` times `steps` steps from a random start; the worst of all images on the way.

    An image that the model has wrong anywhere on the way is broken and leaves the batch: each
    step's forward pass tells it at no cost.
    """

    name = "pgd"

    steps: int = option(10, "steps along the gradient", low=1, high=10_000)
    step_255: float | None = option(
        None,
        "length of a step in 1/255 (default: a quarter of epsilon, so 2/255 at 8/255)",
        low=1e-4,
        whole=False,
    )
    restarts: int = option(1, "tries, each from a start of its own", low=1, high=1_000)
    random_start: bool = option(True, "start anywhere within epsilon, not at the clean image")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restarts > 1 and not self.random_start:
            raise UsageError(
                "Restarts need random starts: else all tries are the same.", got=self.restarts
            )

    def _stem(self) -> str:
        return f"pgd{self.steps}"

    def most_passes(self, _: int, /) -> tuple[int, int]:
        steps = self.steps * self.restarts
        return steps + self.restarts - 1, steps

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        standing, streams = Standing(images01_NCHW), Streams(images01_NCHW, self.seed)
        for restart in range(self.restarts):
            if len(standing):
                self._climb(model, images01_NCHW, labels_N, eps, standing, streams, restart)
        return standing.attacked_NCHW

    def _climb(
        self,
        model: nn.Module,
        images01_NCHW: torch.Tensor,
        labels_N: torch.Tensor,
        eps: float,
        standing: Standing,
        streams: Streams,
        restart: int,
    ) -> None:
        """One try; the last image of the last try is for the caller to judge."""
        labels_R = labels_N[standing.rows_R]
        ball = BALLS[self.norm](images01_NCHW[standing.rows_R], eps)
        images_RCHW = ball.clean_NCHW
        if self.random_start:
            images_RCHW = ball.random_start(streams.pick(standing.rows_R), restart)
        step = eps / 4 if self.step_255 is None else self.step_255 / 255
        for _ in range(self.steps):
            told = ascent(model, images_RCHW, labels_R[:, None], log_odds)
            gradient_RCHW = told.gradient_NCHW
            stays_R = standing.leave(told.wrong_N, images_RCHW)
            if stays_R is not None:
                ball, labels_R = ball.pick(stays_R), labels_R[stays_R]
                images_RCHW, gradient_RCHW = images_RCHW[stays_R], gradient_RCHW[stays_R]
            if not len(standing):
                return
            images_RCHW = ball.project(images_RCHW + step * ball.direction(gradient_RCHW))
        standing.put(images_RCHW)
        if restart + 1 < self.restarts:
            with torch.no_grad():
                standing.leave(model(images_RCHW).argmax(dim=1) != labels_R, images_RCHW)

    def describe(self) -> dict[str, Any]:
        found = super().describe()
        return {**found, "step_255": "eps/4" if self.step_255 is None else self.step_255}
