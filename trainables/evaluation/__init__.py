"""Logits in, metrics out: pure functions on NumPy arrays, no torch, no training.

Shapes: N examples, K classes.
"""

from trainables.evaluation.best_epoch import BestEpoch, best_epoch_by
from trainables.evaluation.calibration import CalibrationBin, calibration_bins, calibration_error
from trainables.evaluation.classes import ClassFigures, balanced_accuracy, class_figures
from trainables.evaluation.confusion import ConfusedPair, confusion_counts, most_confused
from trainables.evaluation.confusion_csv import confusion_csv
from trainables.evaluation.evaluation import Evaluation, evaluate_split
from trainables.evaluation.metrics import accuracy, cross_entropy, evaluate_logits, softmax
from trainables.evaluation.mistakes import Mistake, worst_mistakes

__all__ = [
    "BestEpoch",
    "CalibrationBin",
    "ClassFigures",
    "ConfusedPair",
    "Evaluation",
    "Mistake",
    "accuracy",
    "balanced_accuracy",
    "best_epoch_by",
    "calibration_bins",
    "calibration_error",
    "class_figures",
    "confusion_counts",
    "confusion_csv",
    "cross_entropy",
    "evaluate_logits",
    "evaluate_split",
    "most_confused",
    "softmax",
    "worst_mistakes",
]
