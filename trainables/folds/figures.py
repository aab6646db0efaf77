"""What cross-validation says of a trial: means over the folds, and the interval that they earn.

Shapes: R repeats, N labelled images, F folds in all repeats, K classes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainables.evaluation import (
    accuracy,
    balanced_accuracy,
    calibration_bins,
    calibration_error,
    confusion_counts,
    cross_entropy,
)
from trainables.evaluation.overlap import mean_interval
from trainables.folds.drawing import Fold
from trainables.folds.kind import KFold


def cross_validated(
    out_of_fold_RNK: np.ndarray, labels_N: np.ndarray, folds: Sequence[Fold], kfold: KFold
) -> dict[str, float]:
    """Figures of the images that each model had not seen.

    `val_acc` and `val_loss` are means over all folds; `cv_acc_low` and `cv_acc_high` the 95 %
    interval of `val_acc` after Nadeau and Bengio (evaluation/overlap.py), within [0, 1]; `cv_folds`
    the folds behind it; `val_balanced_acc` and `val_ece` means over the repeats, in each of which
    every image is held out once.
    """
    parts = [(out_of_fold_RNK[fold.repeat, fold.val_M], labels_N[fold.val_M]) for fold in folds]
    accuracies_F = [accuracy(logits, labels) for logits, labels in parts]
    found = mean_interval(accuracies_F, kfold.overlap)
    assert found.low is not None and found.high is not None  # there are two folds at least
    return {
        "val_acc": found.mean,
        "val_loss": float(np.mean([cross_entropy(logits, labels) for logits, labels in parts])),
        "val_balanced_acc": float(np.mean([_balanced(each, labels_N) for each in out_of_fold_RNK])),
        "val_ece": float(np.mean([_ece(each, labels_N) for each in out_of_fold_RNK])),
        "cv_acc_low": max(0.0, found.low),
        "cv_acc_high": min(1.0, found.high),
        "cv_folds": float(len(folds)),
    }


def _balanced(logits_NK: np.ndarray, labels_N: np.ndarray) -> float:
    counts_KK = confusion_counts(logits_NK.argmax(axis=1), labels_N, logits_NK.shape[1])
    return balanced_accuracy(counts_KK)


def _ece(logits_NK: np.ndarray, labels_N: np.ndarray) -> float:
    return calibration_error(calibration_bins(logits_NK, labels_N))
