"""Loads the data of a search and settles its splits."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.say import Say, silent
from orchestrator.study.spec import DataSpec, SplitSpec
from trainables.config import TrialConfig
from trainables.data import load
from trainables.splitting import split_for


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
        ),
    )
