"""Loads the data of a search and settles its splits."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.say import Say, silent
from orchestrator.study.spec import DataSpec, SplitSpec
from trainables.config import TrialConfig
from trainables.data import ImageData, load
from trainables.folds import check_folds, parse_validation
from trainables.splits import Splits
from trainables.splitting import chooses_images, split_for


@dataclass(frozen=True)
class Split:
    """The data and split of a study, as its spec holds them."""

    data: DataSpec
    spec: SplitSpec


def load_split(config: TrialConfig, *, gpu: bool, say: Say = silent) -> Split:
    """Load (and fetch, if need be) the data that `config` names, and split it.

    Raises:
        UsageError: a size larger than there is, an unknown data set, a bad folder.
        UnavailableError: the data cannot be had here.
    """
    data = load(config.data, data_dir=config.data_dir, image_size=config.image_size, progress=say)
    splits = split_for(config, data, gpu=gpu)
    _check_folds(config, data, splits)
    return Split(
        DataSpec(
            name=data.name, digest=data.digest, images=len(data.labels_N), classes=data.classes
        ),
        SplitSpec(
            digest=splits.digest,
            train=len(splits.train),
            val=len(splits.val),
            robust=len(splits.robust),
            pool=len(splits.pool),
            test=data.test_count,
            labels_used=splits.labels_used,
            validation=splits.validation,
        ),
    )


def _check_folds(config: TrialConfig, data: ImageData, splits: Splits) -> None:
    """Of the images that a strategy chooses nothing is known yet: each trial looks at its own."""
    kfold = parse_validation(splits.validation)
    if kfold is not None and not chooses_images(config):
        check_folds(data.labels_N[splits.train], kfold, data.classes)
