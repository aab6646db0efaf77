"""Several attacks in turn, each on what the ones before left standing.

After AutoAttack of Croce and Hein, 2020, without its FAB: that one is `autoattack`.
Shapes: N images, R of them that still stand, C H W channels and pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainables.attacks.apgd_ce import APGDCrossEntropy
from trainables.attacks.apgd_t import APGDTargeted
from trainables.attacks.base import Attack
from trainables.attacks.option import option
from trainables.attacks.square import Square
from trainables.attacks.standing import Standing


@dataclass(frozen=True, kw_only=True)
class Ensemble(Attack):
    """APGD-CE, then APGD-T, then Square."""

    name = "ensemble"

    steps: int = option(100, "steps of both kinds of APGD", low=1, high=10_000)
    targets: int = option(9, "other classes that APGD-T aims at", low=1, high=10_000)
    queries: int = option(5000, "squares that Square tries", low=1, high=1_000_000)
    restarts: int = option(1, "tries of each attack", low=1, high=1_000)

    @property
    def parts(self) -> tuple[Attack, ...]:
        """The attacks, in their order."""
        common: dict[str, Any] = {"norm": self.norm, "seed": self.seed, "restarts": self.restarts}
        return (
            APGDCrossEntropy(steps=self.steps, **common),
            APGDTargeted(steps=self.steps, targets=self.targets, **common),
            Square(queries=self.queries, **common),
        )

    def most_passes(self, classes: int, /) -> tuple[int, int]:
        each = [part.most_passes(classes) or (0, 0) for part in self.parts]
        between = len(self.parts) - 1  # who still stands, after each but the last
        return sum(forward for forward, _ in each) + between, sum(back for _, back in each)

    def __call__(
        self, model: nn.Module, images01_NCHW: torch.Tensor, labels_N: torch.Tensor, eps: float
    ) -> torch.Tensor:
        return in_turn(self.parts, model, images01_NCHW, labels_N, eps)

    def describe(self) -> dict[str, Any]:
        return {**super().describe(), "parts": [part.describe() for part in self.parts]}


def in_turn(
    parts: Sequence[Attack],
    model: nn.Module,
    images01_NCHW: torch.Tensor,
    labels_N: torch.Tensor,
    eps: float,
) -> torch.Tensor:
    """Attacked images; those of the last part are for the caller to judge."""
    standing = Standing(images01_NCHW)
    for index, part in enumerate(parts):
        if not len(standing):
            break
        rows_R = standing.rows_R
        attacked_RCHW = part(model, images01_NCHW[rows_R], labels_N[rows_R], eps)
        standing.put(attacked_RCHW)
        if index + 1 < len(parts):
            with torch.no_grad():
                wrong_R = model(attacked_RCHW).argmax(dim=1) != labels_N[rows_R]
            standing.leave(wrong_R, attacked_RCHW)
    return standing.attacked_NCHW
