"""Many linear heads over the same features, trained as one batched computation.

How much faster that is, and how equal: benchmarks/heads.py, results/heads.md.

Shapes: H heads, N examples, F features.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from trainables.heads.epoch import HeadsEpoch
from trainables.heads.recipe import HeadSpec
from trainables.heads.schedule import HEAD_SCHEDULE
from trainables.heads.stack import HeadStack
from trainables.schedules.base import Schedule


def train_heads(
    features_NF: np.ndarray | torch.Tensor,
    labels_N: np.ndarray,
    heads: Sequence[HeadSpec],
    *,
    n_classes: int,
    batch_size: int,
    epochs: int,
    every: int = 1,
    accumulation: int = 1,
    schedule: Schedule = HEAD_SCHEDULE,
    state: Mapping[str, Any] | None = None,
    device: str | torch.device = "cpu",
) -> Generator[HeadsEpoch, None, None]:
    """Trains every head as if it were alone, to rounding; may be closed after any epoch.

    The losses of the heads are never averaged, so that a head's learning rate is its own. One
    synchronisation with the host for each epoch that is measured.

    Args:
        every: epochs between two that are measured and yielded; the last one always is.
        schedule: share of a head's learning rate by step.
        accumulation: parts in which a batch is computed; its gradient is their sum.
        state: of a `HeadsEpoch` of the same training, to go on after it to the last bit.

    Raises:
        UsageError: a head without training rows, or rows beyond the features.
        InfeasibleTrial: the stack of heads does not fit into memory.
    """
    stack = HeadStack(
        features_NF, labels_N, list(heads), n_classes, batch_size, epochs, accumulation, device,
        state, schedule,
    )  # fmt: skip
    for epoch in range(stack.epoch + 1, epochs + 1):
        stack.run_epoch()
        if epoch % every == 0 or epoch == epochs:
            yield stack.measure()
