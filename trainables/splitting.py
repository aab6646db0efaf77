"""The split that a config asks for, with the sizes that nobody named settled."""

from __future__ import annotations

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.data.value import ImageData
from trainables.folds.kind import SPLIT, parse_validation
from trainables.splits import DEFAULT_TRAIN, Splits, SplitSizes, make_splits, resolve_sizes

ROBUST_ON_CPU, ROBUST_ON_GPU = 256, 1000  # images attacked, of 2,000 labelled ones
_LABELS = 2000  # with fewer labels fewer are attacked: an attack lasts about as long as training
_LEAST_ROBUST = 64  # a share of 64 images is known to about 6 points (standard error)


def split_for(config: TrialConfig, data: ImageData, *, gpu: bool) -> Splits:
    """Train, validation, robustness sample and pool of `config` on `data`.

    Args:
        gpu: whether attacks run on one, which affords a larger robustness sample.

    Raises:
        UsageError: a size larger than there is; names the largest valid one.
    """
    if config.validation != SPLIT:
        kfold = parse_validation(config.validation)
        sizes = SplitSizes(_labelled(config, len(data.labels_N)), val=0, robust=0)
        return make_splits(data, sizes, seed=config.split_seed, validation=str(kfold))
    sizes = _resolved(config, data, config.robust_size, gpu)
    labels = sizes.train + sizes.val
    if config.robust_size is None and labels < _LABELS:
        share = round(sizes.robust * labels / _LABELS)
        sizes = _resolved(config, data, min(sizes.val, max(_LEAST_ROBUST, share)), gpu)
    return make_splits(data, sizes, seed=config.split_seed)


def _labelled(config: TrialConfig, count: int) -> int:
    """Labelled images where none is held out for good: all of small data.

    Raises:
        UsageError: more than there are, or a size of a split that there is not.
    """
    for name in ("val_size", "robust_size"):
        if getattr(config, name) is not None:
            rule = f"With validation={config.validation} no images are set aside, so there is no"
            hint = f"Leave {name} out, or set validation={SPLIT}."
            raise UsageError(f"{rule} {name}.", got=getattr(config, name), hint=hint)
    train = config.train_size or min(DEFAULT_TRAIN, count)
    if train > count:
        rule = f"The training size can be {count} at the most: so many labelled images there are."
        raise UsageError(rule, got=train)
    return train


def chooses_images(config: TrialConfig) -> bool:
    """Whether a subset strategy chooses its training images, not the seed of the split alone."""
    return bool(config.subset != TrialConfig.model_fields["subset"].default)


def _resolved(config: TrialConfig, data: ImageData, robust: int | None, gpu: bool) -> SplitSizes:
    return resolve_sizes(
        len(data.labels_N),
        len(data.classes),
        train=config.train_size,
        val=config.val_size,
        robust=robust,
        robust_default=ROBUST_ON_GPU if gpu else ROBUST_ON_CPU,
    )
