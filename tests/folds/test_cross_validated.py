"""Figures of cross-validation: an interval worked out by hand, and scikit-learn's answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, log_loss

from orchestrator.comparing.overlap import overlap_of
from orchestrator.comparing.simultaneous import mean_interval
from orchestrator.study.spec import SplitSpec
from trainables.evaluation.metrics import softmax
from trainables.folds import KFold, draw_folds
from trainables.folds.figures import cross_validated


def test_the_interval_by_hand():
    """Two folds of four images, twice: accuracies 1, 1/2, 3/4, 1/4.

    Mean 5/8; squared distances 9/64, 1/64, 1/64, 9/64, so the variance is 20/64/3 = 5/48. Times
    1/4 + 1/(2 - 1) (Nadeau and Bengio), 5/4: 25/192, and its root 0.36084. Student's t with 3
    degrees of freedom is 3.18245 at 97.5 %: half the width is 1.14836.
    """
    labels_N = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    kfold = KFold(2, 2)
    folds = draw_folds(labels_N, kfold, seed=0)
    right = (4, 2, 3, 1)
    logits_RNK = np.zeros((2, 8, 2), np.float32)
    for fold, count in zip(folds, right, strict=True):
        said_M = labels_N[fold.val_M].copy()
        said_M[count:] = 1 - said_M[count:]
        logits_RNK[fold.repeat, fold.val_M, said_M] = 1.0
    found = cross_validated(logits_RNK, labels_N, folds, kfold)
    assert found["val_acc"] == pytest.approx(0.625)
    assert found["cv_folds"] == 4
    assert (found["cv_acc_low"], found["cv_acc_high"]) == (0.0, 1.0)  # cut off: shares
    interval = mean_interval([each / 4 for each in right], kfold.overlap)
    assert interval.low is not None and interval.high is not None
    assert interval.high - interval.mean == pytest.approx(1.14836, abs=1e-5)
    assert interval.mean - interval.low == pytest.approx(1.14836, abs=1e-5)


def test_figures_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    labels_N = np.repeat(np.arange(3), (10, 14, 21))
    kfold = KFold(5, 4)
    folds = draw_folds(labels_N, kfold, seed=0)
    logits_RNK = rng.normal(size=(4, 45, 3)) + 1.5 * np.eye(3)[labels_N]
    found = cross_validated(logits_RNK, labels_N, folds, kfold)
    parts = [(logits_RNK[f.repeat, f.val_M], labels_N[f.val_M]) for f in folds]
    accuracies_F = [np.mean(logits.argmax(1) == labels) for logits, labels in parts]
    losses_F = [log_loss(labels, softmax(logits), labels=range(3)) for logits, labels in parts]
    balanced_R = [balanced_accuracy_score(labels_N, each.argmax(1)) for each in logits_RNK]
    assert found["val_acc"] == pytest.approx(np.mean(accuracies_F))
    assert found["val_loss"] == pytest.approx(np.mean(losses_F))
    assert found["val_balanced_acc"] == pytest.approx(np.mean(balanced_R))
    # n_test / n_train is 1/4: written out as Bouckaert and Frank have it.
    half = 2.093024 * math.sqrt((1 / 20 + 1 / 4) * np.var(accuracies_F, ddof=1))
    assert found["cv_acc_low"] == pytest.approx(found["val_acc"] - half, abs=1e-6)
    assert found["cv_acc_high"] == pytest.approx(found["val_acc"] + half, abs=1e-6)


@pytest.mark.parametrize(
    ("sizes", "validation", "overlap"),
    [
        ({"train": 1000, "val": 1000, "pool": 48_000}, "split", 0.02),
        ({"train": 100, "pool": 49_900}, "kfold:5x4", 0.002),
        ({"train": 100}, "kfold:5x4", 5 / 9),  # rho / (1 - rho) is 5/4, not infinite
        ({"train": 100, "pool": 25}, "kfold:2x1", 2 / 3),
        ({"train": 100, "pool": 100}, "kfold:2x1", 0.5),
    ],
)
def test_how_much_repeats_overlap(sizes, validation, overlap):
    assert overlap_of(SplitSpec(**sizes, validation=validation)) == pytest.approx(overlap)
