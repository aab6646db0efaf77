"""Accuracy over the number of labels: every trial, the means, the laws as far as they are trusted.

Shapes: S sizes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from orchestrator.label_curves import LabelCurve, label_sentences, read_label_curves
from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.view import StudyView
from trainables.pictures.style import BLUE, GREEN, ORANGE, png

TITLE = "Accuracy over the number of labels"
STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "v"), ("#AA4499", "D"), ("#7A6000", "^"))
_STEPS = 60  # places at which a law is drawn


@dataclass(frozen=True, eq=False)
class DrawnLaw:
    """A law with its 95 % band; `inside_S` tells what was measured from what is extrapolated."""

    sizes_S: np.ndarray
    accuracy_S: np.ndarray
    low_S: np.ndarray
    high_S: np.ndarray
    inside_S: np.ndarray


def draw_label_curves(view: StudyView) -> Picture | None:
    """The picture; None for a study that is not about the number of labels."""
    from orchestrator.pictures.label_curves_html import interactive_label_curves
    from orchestrator.pictures.label_curves_png import static_label_curves

    curves = read_label_curves(view.trials, view.spec)
    if not curves:
        return None
    moving = fragment(interactive_label_curves(curves), "label_curves", *label_sentences(curves))
    return Picture("label_curves", TITLE, png(static_label_curves(curves, TITLE)), moving)


def panels(curves: Sequence[LabelCurve]) -> list[tuple[str, list[LabelCurve]]]:
    """A panel a backbone, strategies side by side in it; of one strategy all backbones in one."""
    if len({curve.strategy for curve in curves}) == 1:
        return [(curves[0].strategy, list(curves))]
    return [(name, list(held)) for name, held in groupby(curves, key=lambda each: each.backbone)]


def points(curve: LabelCurve) -> Iterator[tuple[int, float]]:
    """Number of labels and accuracy of every trial."""
    for size, accuracy_D in zip(curve.sizes_S, curve.accuracy_DS.T, strict=True):
        for accuracy in accuracy_D[np.isfinite(accuracy_D)]:
            yield int(size), float(accuracy)


def drawn_law(curve: LabelCurve) -> DrawnLaw | None:
    """From where it holds to as far as it is trusted; None where it is not."""
    if not curve.is_trusted:
        return None
    sizes_S = np.geomspace(curve.first, curve.farthest, _STEPS)
    spans = curve.expected(sizes_S)
    return DrawnLaw(
        sizes_S,
        np.array([span.value for span in spans]),
        np.array([span.value if span.low is None else span.low for span in spans]),
        np.array([span.value if span.high is None else span.high for span in spans]),
        sizes_S <= curve.most * 1.0001,
    )
