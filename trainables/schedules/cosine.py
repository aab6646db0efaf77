"""A linear warm-up, then half a cosine to zero.

Cosine: Loshchilov and Hutter, SGDR, 2017. Warm-up: Goyal et al., Accurate, Large Minibatch SGD,
2017; AdamW's first steps are sign steps of full length whatever the gradient's size, since its
second moments are still empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainables.schedules.base import Schedule, ScheduleSettings


@dataclass(frozen=True)
class Cosine(Schedule):
    """Above 0, at most 1. Without warm-up it is torch's CosineAnnealingLR with T_max = total.

    Args:
        warmup_share: of all steps, 0 to 1; rounded up to whole steps.
    """

    warmup_share: float

    def __call__(self, step: int, total: int, steps_per_epoch: int = 1) -> float:  # noqa: ARG002
        warmup = math.ceil(self.warmup_share * total)
        if step < warmup:
            return (step + 1) / warmup
        return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))


def make_cosine(config: ScheduleSettings) -> Cosine:
    """From `warmup_share`."""
    return Cosine(config.warmup_share)
