"""Loads the data of a search and settles its splits."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.say import Say, silent
from orchestrator.study.spec import DataSpec, SplitSpec
from trainables.config import TrialConfig
from trainables.data import load
from trainables.splits import make_splits, resolve_sizes

ROBUST_CPU, ROBUST_GPU = 256, 1000  # images attacked, where nobody says otherwise
_FULL_LABELS = 2000  # with fewer, fewer images are attacked: attacks last about as long as training
_LEAST_ROBUST = 64


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
    plain = resolve_sizes(
        len(data.labels_N),
        len(data.classes),
        train=config.train_size,
        val=config.val_size,
        robust=config.robust_size,
        robust_default=ROBUST_GPU if gpu else ROBUST_CPU,
    )
    robust = config.robust_size
    if robust is None and plain.train + plain.val < _FULL_LABELS:
        share = (plain.train + plain.val) / _FULL_LABELS
        robust = min(plain.val, max(_LEAST_ROBUST, round(plain.robust * share)))
    sizes = resolve_sizes(
        len(data.labels_N), len(data.classes), train=plain.train, val=plain.val,
        robust=robust if robust is not None else plain.robust,
    )  # fmt: skip
    splits = make_splits(data, sizes, seed=config.split_seed)
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
