"""The order of examples: each once an epoch, in batches that differ by one example at the most.

Shapes: N examples, B of a batch.
"""

from __future__ import annotations

import math

import torch


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Number of batches in an epoch."""
    return math.ceil(examples / batch_size)


def shuffled_batches(
    rows_N: torch.Tensor, batch_size: int, generator: torch.Generator
) -> list[torch.Tensor]:
    """`rows_N` in a new order, cut evenly (100 at batch size 64: 50 + 50).

    BatchNorm makes little of the handful that would be left over for a last batch, and a step that
    rests on it is as long as any other.
    """
    order_N = torch.randperm(len(rows_N), generator=generator, device=rows_N.device)
    return list(rows_N[order_N].tensor_split(steps_per_epoch(len(rows_N), batch_size)))
