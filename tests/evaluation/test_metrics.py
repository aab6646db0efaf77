"""Against hand-made tables and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, log_loss

from trainables.evaluation import (
    accuracy,
    confusion_counts,
    cross_entropy,
    evaluate_logits,
    most_confused,
    softmax,
)


def test_accuracy_and_loss_of_two_examples_by_hand() -> None:
    logits_NK = np.log(np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]))
    labels_N = np.array([0, 2])
    assert accuracy(logits_NK, labels_N) == 0.5
    expected = -(math.log(0.5) + math.log(0.1)) / 2
    assert cross_entropy(logits_NK, labels_N) == pytest.approx(expected, rel=1e-12)
    assert evaluate_logits(logits_NK, labels_N) == {"acc": 0.5, "loss": pytest.approx(expected)}


@pytest.mark.parametrize("size", [1.0, 1e4])
def test_softmax_and_loss_agree_with_scikit_learn(size: float) -> None:
    rng = np.random.default_rng(0)
    logits_NK = (size * rng.normal(size=(50, 4))).astype(np.float32)
    labels_N = rng.integers(0, 4, 50)
    chances_NK = softmax(logits_NK)
    assert np.allclose(chances_NK.sum(axis=1), 1)
    if size == 1.0:  # scikit-learn clips chances at its epsilon, which large logits go beyond
        assert cross_entropy(logits_NK, labels_N) == pytest.approx(log_loss(labels_N, chances_NK))
    assert math.isfinite(cross_entropy(logits_NK, labels_N))


def test_no_examples_have_no_accuracy() -> None:
    assert math.isnan(accuracy(np.empty((0, 3)), np.empty(0, dtype=int)))
    assert math.isnan(cross_entropy(np.empty((0, 3)), np.empty(0, dtype=int)))


def test_confusion_has_true_classes_in_rows() -> None:
    labels_N, predicted_N = np.array([0, 0, 1, 2, 2, 2]), np.array([0, 1, 1, 0, 0, 2])
    counts_KK = confusion_counts(predicted_N, labels_N, 4)
    assert counts_KK.tolist() == [[1, 1, 0, 0], [0, 1, 0, 0], [2, 0, 1, 0], [0, 0, 0, 0]]
    expected = confusion_matrix(labels_N, predicted_N, labels=range(4))
    assert (counts_KK == expected).all()


def test_most_confused_pairs_leave_out_the_diagonal_and_zeros() -> None:
    counts_KK = np.array([[90, 1, 9], [0, 100, 0], [5, 9, 6]])
    pairs = most_confused(counts_KK, ["cat", "dog", "owl"], limit=9)
    found = [(pair.label, pair.predicted, pair.count, pair.share) for pair in pairs]
    assert found == [
        ("cat", "owl", 9, 0.09),
        ("owl", "dog", 9, 0.45),
        ("owl", "cat", 5, 0.25),
        ("cat", "dog", 1, 0.01),
    ]
    assert most_confused(counts_KK, ["cat", "dog", "owl"], limit=1)[0].label == "cat"
