"""Accuracy and cross-entropy of logits.

Shapes: N examples, K classes.
"""

from __future__ import annotations

import numpy as np


def accuracy(logits_NK: np.ndarray, labels_N: np.ndarray) -> float:
    """Share of examples whose highest logit is the label; NaN of no examples."""
    if len(labels_N) == 0:
        return float("nan")
    return float(np.mean(logits_NK.argmax(axis=1) == labels_N))


def log_softmax(logits_NK: np.ndarray) -> np.ndarray:
    """Logarithms of the class probabilities, float64."""
    shifted_NK = logits_NK.astype(np.float64) - logits_NK.max(axis=1, keepdims=True)
    return shifted_NK - np.log(np.exp(shifted_NK).sum(axis=1, keepdims=True))


def softmax(logits_NK: np.ndarray) -> np.ndarray:
    """Class probabilities, float64; every row sums to 1."""
    return np.exp(log_softmax(logits_NK))


def cross_entropy(logits_NK: np.ndarray, labels_N: np.ndarray) -> float:
    """Mean negative log-likelihood of the labels, in nats; NaN of no examples."""
    if len(labels_N) == 0:
        return float("nan")
    picked_N = log_softmax(logits_NK)[np.arange(len(labels_N)), labels_N]
    return float(-picked_N.mean())


def evaluate_logits(logits_NK: np.ndarray, labels_N: np.ndarray) -> dict[str, float]:
    """`{"acc", "loss"}` of one split; a caller puts the split's name before them."""
    return {"acc": accuracy(logits_NK, labels_N), "loss": cross_entropy(logits_NK, labels_N)}
