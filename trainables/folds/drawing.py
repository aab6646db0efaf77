"""Stratified folds of the labelled images, drawn anew in each repeat.

Images in a random order within their class, one class after the other, are dealt out to the folds
in turn: folds differ by one image at the most, in all and of each class. scikit-learn's
RepeatedStratifiedKFold comes to the same counts (tests/folds/test_drawing.py).

Shapes: N labelled images, M of a fold, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from search_spaces.errors import UsageError
from trainables.folds.kind import KFold
from trainables.stratified import random_ranks

_STREAM = 5  # 0 to 4 of a seed: validation, training, strategies, their pools, weak supervision


@dataclass(frozen=True, eq=False)
class Fold:
    """Rows of the labelled images: held out, and trained on; int64, ascending.

    Args:
        repeat: 0 for the first.
    """

    repeat: int
    train_N: np.ndarray
    val_M: np.ndarray


def draw_folds(labels_N: np.ndarray, kfold: KFold, seed: int) -> tuple[Fold, ...]:
    """All folds, repeat by repeat; the same for the same labels and seed.

    In each repeat every image is held out once.
    """
    folds = []
    for repeat in range(kfold.repeats):
        fold_N = _fold_of(labels_N, kfold.folds, np.random.default_rng((seed, _STREAM, repeat)))
        for each in range(kfold.folds):
            folds.append(
                Fold(repeat, np.flatnonzero(fold_N != each), np.flatnonzero(fold_N == each))
            )
    return tuple(folds)


def _fold_of(labels_N: np.ndarray, folds: int, rng: np.random.Generator) -> np.ndarray:
    order_N = np.lexsort((random_ranks(labels_N, rng), labels_N))
    fold_N = np.empty(len(labels_N), np.int64)
    fold_N[order_N] = np.arange(len(labels_N)) % folds
    return fold_N


def check_folds(labels_N: np.ndarray, kfold: KFold, classes: Sequence[str]) -> None:
    """Lets folds pass each of which has an image of every class that is labelled.

    Raises:
        UsageError: the smallest class has fewer labels than there are folds; says how many, and
            how many folds there can be.
    """
    counts_K = np.bincount(labels_N, minlength=len(classes))
    present = np.flatnonzero(counts_K)
    smallest = int(present[counts_K[present].argmin()])
    least = int(counts_K[smallest])
    if least >= kfold.folds:
        return
    have = f"class {classes[smallest]!r} has {least} of the {len(labels_N):,} labels"
    if least >= 2:
        hint = f"The most folds that go are --validation {KFold(least, kfold.repeats)}."
    else:
        hint = "Label more images of it, or validate on images of their own: --validation split."
    raise UsageError(f"Stratified folds need a label of each class in every fold: {have}.",
                     got=str(kfold), hint=hint)  # fmt: skip
