"""Which images a search trains on, validates on and attacks; the rest is the unlabelled pool.

Validation is drawn first, so that it stays the same whatever the training size is, and a smaller
training split is a part of every larger one of the same seed: curves over the number of labels
compare like with like. Imports numpy only.

Shapes: N images of the data, K classes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from search_spaces.errors import UsageError
from trainables.data.value import ImageData
from trainables.folds.kind import SPLIT
from trainables.stratified import balanced_order

DEFAULT_TRAIN = 1000
DEFAULT_VAL = 1000


@dataclass(frozen=True)
class SplitSizes:
    """Images in each split; `robust` of the validation images are attacked."""

    train: int
    val: int
    robust: int


@dataclass(frozen=True, eq=False)
class Splits:
    """Disjoint int64 indices into `ImageData.images_NHWC`; `robust` alone is a part of `val`.

    Any beginning of `train`, `val` or `robust` is balanced over the classes; `pool` is ascending.

    Args:
        train: labelled, trained on.
        val: labelled, never trained on.
        robust: the first images of `val`, which are attacked.
        pool: all others; their labels are not used.
        seed: what they were drawn with.
        digest: 16 hex digits over the data's digest and all the indices.
        validation: `split`, or the folds of `train` that stand for `val`, which is empty then.
    """

    train: np.ndarray
    val: np.ndarray
    robust: np.ndarray
    pool: np.ndarray
    seed: int
    digest: str
    validation: str = SPLIT

    @property
    def labels_used(self) -> int:
        """Labels that a search needs in all, validation included."""
        return len(self.train) + len(self.val)

    @property
    def unheld(self) -> np.ndarray:
        """All images that may be trained on, ascending: what a subset strategy chooses from."""
        return np.sort(np.concatenate([self.train, self.pool]))

    def with_training(self, train: np.ndarray, data_digest: str) -> Splits:
        """These splits with other training images, in the order given; the rest is the pool."""
        pool = np.setdiff1d(self.unheld, train)
        of = data_digest + _way(self.validation)
        digest = _digest(of, train, self.val, self.robust, pool)
        return Splits(train, self.val, self.robust, pool, self.seed, digest, self.validation)


def resolve_sizes(
    labels_count: int,
    n_classes: int,
    *,
    train: int | None,
    val: int | None,
    robust: int | None,
    robust_default: int = 256,
) -> SplitSizes:
    """Settle the sizes: what is given stands, what is None is 1,000 / 1,000 / `robust_default`.

    Where the data has fewer than 2,000 images, the defaults shrink in proportion; where a given
    size leaves less, they take what is left, but never less than one image a class.

    Args:
        labels_count: images there are (the official training set).
        n_classes: classes there are.

    Raises:
        UsageError: a given size is under 1 or too large; names the largest valid one.
    """
    for name, size in (("training", train), ("validation", val), ("robustness", robust)):
        if size is not None and size < 1:
            raise UsageError(f"The {name} size must be at least 1.", got=size)
    train, val = _train_and_val(labels_count, n_classes, train, val)
    if robust is not None and robust > val:
        raise UsageError(
            f"The robustness sample is taken from the validation split, so its size can be {val} "
            "at the most.",
            got=robust,
        )
    default = _shrunk(robust_default, labels_count)
    return SplitSizes(train, val, robust if robust is not None else max(1, min(default, val)))


def make_splits(
    data: ImageData, sizes: SplitSizes, *, seed: int, validation: str = SPLIT
) -> Splits:
    """Draw the splits, stratified; the same for the same data, sizes and seed.

    Every class has an image in `train` (in `val`, in `robust`) as long as that split is not smaller
    than the number of classes, and the class has one (two) images at all.

    Raises:
        UsageError: the sizes do not fit the data; names the largest valid training size.
    """
    labels_N = np.asarray(data.labels_N)
    _check_fit(len(labels_N), sizes)
    val_rng, train_rng = (np.random.default_rng((seed, stream)) for stream in (0, 1))
    order_N = balanced_order(labels_N, val_rng, keep_one=True)
    val, rest = order_N[: sizes.val], np.sort(order_N[sizes.val :])
    order_of_rest = rest[balanced_order(labels_N[rest], train_rng)]
    train, pool = order_of_rest[: sizes.train], np.sort(order_of_rest[sizes.train :])
    robust = val[: sizes.robust]
    digest = _digest(data.digest + _way(validation), train, val, robust, pool)
    return Splits(train, val, robust, pool, seed, digest, validation)


def _train_and_val(
    count: int, n_classes: int, train: int | None, val: int | None
) -> tuple[int, int]:
    if count < 2:
        raise UsageError("Training and validation need at least 2 images.", got=count)
    if train is not None and val is not None:
        _check_fit(count, SplitSizes(train, val, 1))
        return train, val
    default_val = _shrunk(DEFAULT_VAL, count)
    default_train = min(DEFAULT_TRAIN, count - default_val)
    if train is None and val is None:
        return default_train, default_val
    # One is given; the other wants an image a class, or one at least where images are that few.
    least = min(n_classes, count - 1)
    given, name = (train, "training") if train is not None else (val, "validation")
    if given is None or given > count - least:
        other = "validation" if train is not None else "training"
        raise UsageError(
            f"The {name} size can be {count - least} at the most: there are {count} labelled "
            f"images, and {other} needs one a class ({least}).",
            got=given,
        )
    left = count - given
    return (
        (given, min(default_val, left)) if train is not None else (min(default_train, left), given)
    )


def _check_fit(count: int, sizes: SplitSizes) -> None:
    if sizes.val >= count:
        raise UsageError(
            f"The validation size can be {count - 1} at the most: there are {count} labelled "
            "images, and training needs one.",
            got=sizes.val,
        )
    if sizes.train + sizes.val > count:
        raise UsageError(
            f"The training size can be {count - sizes.val} at the most: there are {count} labelled "
            f"images, and {sizes.val} of them are for validation.",
            got=sizes.train,
        )


def _shrunk(size: int, count: int) -> int:
    """`size`, in proportion where there are fewer images than the default splits take together."""
    return max(1, min(size, size * count // (DEFAULT_TRAIN + DEFAULT_VAL)))


def _way(validation: str) -> str:
    """What folds add to a digest; that of a split is as it was before there were folds."""
    return "" if validation == SPLIT else f"/{validation}"


def _digest(data_digest: str, *parts: np.ndarray) -> str:
    sha = hashlib.sha256(data_digest.encode())
    for part in parts:
        sha.update(f"/{len(part)}/".encode())
        sha.update(np.ascontiguousarray(part, dtype="<i8").data)
    return sha.hexdigest()[:16]
