"""How much the validation images of two repeats have in common."""

from __future__ import annotations

from orchestrator.study.spec import SplitSpec
from trainables.folds.kind import parse_validation


def overlap_of(split: SplitSpec) -> float:
    """Nadeau and Bengio's rho (trainables/evaluation/overlap.py) of repeats with splits of their
    own: the share of all images that are validated on.

    Under k-fold cross-validation that is every labelled image. Where those are all the images there
    are, repeats differ in their folds alone, and together they are one longer cross-validation: its
    variance is 1 / (k R) + 1 / (k - 1) times that of a fold, about k times that of a repeat's mean,
    so rho / (1 - rho) is k / (k - 1) at the most.
    """
    images = max(split.train + split.val + split.pool, 1)
    kfold = parse_validation(split.validation)
    if kfold is None:
        return split.val / images
    return min(split.train / images, kfold.folds / (2 * kfold.folds - 1))
