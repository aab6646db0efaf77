"""Shares of images, such as accuracies, with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.views.numbers import percent_between
from trainables.attacks.figures import is_under_attack, is_under_corruption

if TYPE_CHECKING:
    from orchestrator.study.facts import TrialFacts
    from orchestrator.study.spec import StudySpec


@dataclass(frozen=True)
class Share:
    """A share in [0, 1] with its 95 % interval; the bounds are None where nothing is known."""

    value: float | None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return percent_between(self.value, self.low, self.high)


CROSS_LOW, CROSS_HIGH = "cv_acc_low", "cv_acc_high"


def cross_validated_share(metrics: Mapping[str, float]) -> Share:
    """Validation accuracy with the interval that its folds earn (trainables/folds/figures.py)."""
    return Share(metrics.get("val_acc"), metrics.get(CROSS_LOW), metrics.get(CROSS_HIGH))


def wilson_share(value: float | None, count: int) -> Share:
    """Wilson's interval of `value` over `count` images.

    For `robust_score`, a mean of values in [0, 1] and no share of images, it is an upper bound of
    the interval's width: no variable in [0, 1] varies more than one that is either 0 or 1. So it
    is for `corruption_acc`, of each image a mean over corruptions and severities.
    """
    if value is None or not 0 <= value <= 1 or count < 1:
        return Share(value)
    from trainables.evaluation.intervals import wilson_interval

    return Share(value, *wilson_interval(round(value * count), count))


def share_of(trial: TrialFacts, name: str, spec: StudySpec) -> Share:
    """A trial's metric; with its interval where it was measured on held-out images."""
    if name == "val_acc" and CROSS_LOW in trial.metrics:
        return cross_validated_share(trial.metrics)
    return wilson_share(trial.metrics.get(name), images_of(trial, name, spec))


def images_of(trial: TrialFacts, name: str, spec: StudySpec) -> int:
    """Held-out images that a metric was measured on; 0 for any other."""
    if not spec.has_images:
        return 0
    if name == "val_acc":
        return spec.split.val
    if is_under_corruption(name):
        return int(trial.metrics.get("corruption_n", spec.split.robust))
    return int(trial.metrics.get("robust_n", spec.split.robust)) if is_under_attack(name) else 0
