"""How many labels a search uses: what a space's default comes to, and how many all draws take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from search_spaces.exploring import Parameter
from search_spaces.space import Space
from trainables.config import TrialConfig
from trainables.data.value import ImageData
from trainables.splits import resolve_sizes
from trainables.splitting import split_for


def with_labels(
    asked: TrialConfig, space: Space, options: Mapping[str, Any], data: ImageData
) -> TrialConfig:
    """`asked`, with the space's own `train_size` no larger than what validation leaves.

    Of small data, validation takes the share that it always takes. What a person has named stands,
    and is refused where it does not fit.

    Args:
        options: the fields that a person has named.
    """
    default = space.defaults.get("train_size")
    if default is None or "train_size" in {**space.fixed, **options}:
        return asked
    count = len(data.labels_N)
    sizes = resolve_sizes(count, len(data.classes), train=None, val=asked.val_size, robust=None)
    return asked.replace(train_size=max(1, min(int(default), count - sizes.val)))


def labels_of_draws(config: TrialConfig, data: ImageData, seed: Parameter | None) -> int:
    """Labels in all, validation included, where trials choose among several draws of the splits.

    Args:
        config: with the largest training split.
        seed: the space's `split_seed`; None where all trials share one draw.
    """
    used = [
        np.concatenate([splits.train, splits.val])
        for draw in _seeds(config, seed)
        for splits in [split_for(config.replace(split_seed=draw), data, gpu=False)]
    ]
    return len(np.unique(np.concatenate(used)))


def _seeds(config: TrialConfig, seed: Parameter | None) -> Iterable[int]:
    if seed is None:
        return [config.split_seed]
    return seed.choices if seed.choices is not None else range(int(seed.low), int(seed.high) + 1)
