"""Learning rate by step: a linear warm-up, then half a cosine to zero.

Cosine: Loshchilov and Hutter, SGDR, 2017. Warm-up matters little to a linear head, but AdamW's
first steps are sign steps of full length whatever the gradient's size, since its second moments
are still empty.
"""

from __future__ import annotations

import math

WARMUP_SHARE = 0.1


def lr_factor(step: int, total: int) -> float:
    """Share of the peak learning rate at `step` of 0..total-1; above 0, at most 1."""
    warmup = math.ceil(WARMUP_SHARE * total)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, total - warmup)))
