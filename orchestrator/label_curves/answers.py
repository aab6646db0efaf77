"""What label curves say: labels needed for an accuracy, and labels that a strategy saves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orchestrator.label_curves.curve import LabelCurve
from orchestrator.label_curves.resampling import Span

AGAINST = ("random", "stratified")
"""What a strategy saves labels against: the first of these that the study has."""
_STEP = 0.05  # accuracies that are asked about: 85 %, 90 %


@dataclass(frozen=True)
class Needed:
    """Labels that one arm needs for an accuracy.

    Args:
        labels: by the law; infinite where it never gets there.
        first, most, farthest: labels from which on the law holds, that were measured at the most,
            and up to which the law is trusted.
    """

    arm: str
    accuracy: float
    labels: Span
    first: int
    most: int
    farthest: int

    @property
    def is_told(self) -> bool:
        """Whether the number lies within what the law is trusted for."""
        return self.first <= self.labels.value <= self.farthest

    @property
    def is_extrapolated(self) -> bool:
        """Whether it lies beyond all that was measured."""
        return self.labels.value > self.most


@dataclass(frozen=True)
class Saving:
    """Share of the labels that one strategy saves against another at an accuracy both reach.

    Args:
        share: negative where it needs more.
    """

    arm: str
    against: str
    accuracy: float
    share: Span

    @property
    def is_told(self) -> bool:
        """Whether the interval leaves out 0."""
        low, high = self.share.low, self.share.high
        return low is not None and high is not None and (low > 0 or high < 0)


def needed(curve: LabelCurve, accuracy: float) -> Needed | None:
    """Labels for an accuracy; None where no law is trusted.

    Raises:
        ValueError: an accuracy that is no share.
    """
    if not 0 < accuracy < 1:
        raise ValueError(f"An accuracy lies between 0 and 1. Got: {accuracy}.")
    labels = curve.labels_for(accuracy)
    if labels is None:
        return None
    return Needed(curve.name, accuracy, labels, curve.first, curve.most, curve.farthest)


def usual_needs(curve: LabelCurve) -> tuple[Needed, ...]:
    """For the highest multiple of 5 % that was reached, and for the next one."""
    reached = math.floor(float(curve.means_S.max()) / _STEP + 1e-9) * _STEP
    asked = [each for each in (reached, reached + _STEP) if 0 < each < 0.995]
    above = [each for each in asked if each > float(curve.means_S.min())]
    return tuple(found for each in above if (found := needed(curve, round(each, 2))) is not None)


def savings(curves: Sequence[LabelCurve]) -> tuple[Saving, ...]:
    """Of each strategy against random images, by backbone, at the highest accuracy both reach."""
    return tuple(
        found
        for curve in curves
        if (base := _base(curve, curves)) is not None
        and base is not curve
        and (found := _saving(curve, base)) is not None
    )


def _base(curve: LabelCurve, curves: Sequence[LabelCurve]) -> LabelCurve | None:
    for strategy in AGAINST:
        for other in curves:
            if (other.backbone, other.strategy) == (curve.backbone, strategy):
                return other
    return None


def _saving(curve: LabelCurve, base: LabelCurve) -> Saving | None:
    """At whole per cents; only within what was measured of both, so nothing is extrapolated."""
    if not (curve.is_trusted and base.is_trusted) or curve.laws is None or base.laws is None:
        return None
    accuracy = math.floor(100 * min(_top(curve), _top(base))) / 100
    if accuracy <= max(float(each.means_S[each.start]) for each in (curve, base)):
        return None
    theirs_R, own_R = base.laws.sizes(1 - accuracy), curve.laws.sizes(1 - accuracy)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio_R = np.where(np.isinf(theirs_R) & np.isinf(own_R), 1.0, own_R / theirs_R)
    found = curve.resamples.span(ratio_R, ratio=True)
    assert found.low is not None and found.high is not None  # a law has two splits
    share = Span(1 - found.value, 1 - found.high, 1 - found.low)
    return Saving(curve.name, base.name, accuracy, share)


def _top(curve: LabelCurve) -> float:
    """The highest accuracy that was measured and that the law says is reached by then."""
    assert curve.laws is not None
    by_law = 1 - float(curve.laws.errors(curve.sizes_S[-1:])[0, 0])
    return min(by_law, float(curve.means_S[-1]))
