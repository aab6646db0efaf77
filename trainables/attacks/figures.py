"""Which of a trial's figures are those of attacked or corrupted images. Imports nothing."""

from __future__ import annotations

import re

_ACCURACY = re.compile(r"\w+_acc(_eps_[0-9.]+)?")  # `pgd20_acc`, `apgd_l2_acc`, `fgsm_acc_eps_2`
_OF_TRAINING = ("train_", "val_")
_CORRUPTED = re.compile(r"corruption_acc(_\w+)?")  # the mean, and `corruption_acc_fog`


def is_under_attack(metric: str) -> bool:
    """Whether a trial has this figure only once its final net was attacked.

    `val_pgd_acc`, which comes with each epoch of adversarial training, is none of these.
    """
    if metric.startswith(_OF_TRAINING) or is_under_corruption(metric):
        return False
    return metric.startswith("robust_") or bool(_ACCURACY.fullmatch(metric))


def is_under_corruption(metric: str) -> bool:
    """Whether it is an accuracy on corrupted images."""
    return bool(_CORRUPTED.fullmatch(metric))
