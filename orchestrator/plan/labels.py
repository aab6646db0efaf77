"""How many labels a search uses: what a space's default comes to, and how many all draws take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from search_spaces.exploring import Parameter
from search_spaces.space import Space
from trainables.config import TrialConfig
from trainables.data.value import ImageData
from trainables.folds import SPLIT
from trainables.splits import Splits, resolve_sizes
from trainables.splitting import chooses_images, split_for
from trainables.subsets import candidates, parse_subset


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
    if asked.validation != SPLIT:
        return asked.replace(train_size=min(int(default), count))
    sizes = resolve_sizes(count, len(data.classes), train=None, val=asked.val_size, robust=None)
    return asked.replace(train_size=max(1, min(int(default), count - sizes.val)))


def labels_of_draws(config: TrialConfig, data: ImageData, seed: Parameter | None) -> int:
    """Labels in all, validation included, where trials choose among several draws of the splits.

    Args:
        config: with the largest training split.
        seed: the space's `split_seed`; None where all trials share one draw.
    """
    used = [
        np.concatenate([_seen(config.replace(split_seed=draw), splits), splits.val])
        for draw in _seeds(config, seed)
        for splits in [split_for(config.replace(split_seed=draw), data, gpu=False)]
    ]
    return len(np.unique(np.concatenate(used)))


def _seen(config: TrialConfig, splits: Splits) -> np.ndarray:
    """Images whose labels the trial sees in choosing and in training.

    A strategy that buys its labels sees those of as many images as are trained on; which ones is
    known once it has chosen, and their number is all that counts here.
    """
    if not chooses_images(config):
        return splits.train
    spec, rows_N = parse_subset(config.subset), splits.unheld
    if spec.strategy.labels != "all":
        return splits.train
    budget, seed = len(splits.train), config.split_seed
    return rows_N[candidates(spec, len(rows_N), budget=budget, seed=seed)]


def _seeds(config: TrialConfig, seed: Parameter | None) -> Iterable[int]:
    if seed is None:
        return [config.split_seed]
    return seed.choices if seed.choices is not None else range(int(seed.low), int(seed.high) + 1)
