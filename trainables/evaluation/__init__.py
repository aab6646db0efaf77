"""Logits in, metrics out: pure functions on NumPy arrays, no torch, no training.

Shapes: N examples, K classes.
"""

from trainables.evaluation.confusion import ConfusedPair, confusion_counts, most_confused
from trainables.evaluation.metrics import accuracy, cross_entropy, evaluate_logits, softmax

__all__ = [
    "ConfusedPair",
    "accuracy",
    "confusion_counts",
    "cross_entropy",
    "evaluate_logits",
    "most_confused",
    "softmax",
]
