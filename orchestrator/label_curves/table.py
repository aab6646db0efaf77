"""Label curves as a table: a row a number of labels, a column an arm; and as plain values."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from orchestrator.label_curves.answers import savings, usual_needs
from orchestrator.label_curves.curve import LabelCurve
from orchestrator.label_curves.resampling import Span
from orchestrator.label_curves.words import label_sentences
from orchestrator.views.numbers import NOTHING, percent


def sizes_of(curves: Sequence[LabelCurve]) -> list[int]:
    """All numbers of labels that any of them has, ascending."""
    return sorted({int(size) for curve in curves for size in curve.sizes_S})


def mean_cells(curve: LabelCurve, size: int) -> str:
    """`84.1 (0.6)`: mean and standard deviation over the splits; of one split the mean alone."""
    values = _values(curve, size)
    if not len(values):
        return NOTHING
    spread = f" ({percent(float(values.std(ddof=1)))})" if len(values) > 1 else ""
    return f"{percent(float(values.mean()))}{spread}"


def curves_csv(curves: Sequence[LabelCurve]) -> str:
    """A line an arm and number of labels: splits, mean, standard deviation, and by the law."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        ["backbone", "subset", "labels", "splits", "mean", "sd", "by_law", "low", "high"]
    )
    for curve in curves:
        laws = curve.expected(curve.sizes_S) if curve.is_trusted else [None] * len(curve.sizes_S)
        for size, law in zip(curve.sizes_S, laws, strict=True):
            values = _values(curve, int(size))
            spread = float(values.std(ddof=1)) if len(values) > 1 else ""
            known = law is not None and size >= curve.first
            by_law = [law.value, law.low, law.high] if law and known else [""] * 3
            found = [len(values), float(values.mean()), spread, *by_law]
            writer.writerow([curve.backbone, curve.strategy, int(size), *found])
    return buffer.getvalue()


def curves_json(curves: Sequence[LabelCurve]) -> dict[str, Any] | None:
    """What `--json` prints; keys as in `docs/json.md`; None without a curve."""
    if not curves:
        return None
    return {
        "arms": [_arm(curve) for curve in curves],
        "needed": [
            {"arm": need.arm, "accuracy": need.accuracy, **_span(need.labels),
             "told": need.is_told, "extrapolated": need.is_extrapolated}
            for curve in curves for need in usual_needs(curve)
        ],
        "savings": [
            {"arm": each.arm, "against": each.against, "accuracy": each.accuracy,
             **_span(each.share), "told": each.is_told}
            for each in savings(curves)
        ],
        "sentences": list(label_sentences(curves)),
    }  # fmt: skip


def _arm(curve: LabelCurve) -> dict[str, Any]:
    laws = curve.laws if curve.is_trusted else None
    return {
        "name": curve.name,
        "backbone": curve.backbone,
        "subset": curve.strategy,
        "sizes": [int(size) for size in curve.sizes_S],
        "means": [float(mean) for mean in curve.means_S],
        "splits": [int(count) for count in np.isfinite(curve.accuracy_DS).sum(axis=0)],
        "law": None
        if laws is None
        else [float(x[0]) for x in (laws.floor_R, laws.scale_R, laws.exponent_R)],
        "why_not": curve.why_not,
        "from": curve.first,
        "trusted_to": curve.farthest,
    }


def _span(span: Span) -> dict[str, float | None]:
    known = {"value": span.value, "low": span.low, "high": span.high}
    return {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in known.items()
    }


def _values(curve: LabelCurve, size: int) -> np.ndarray:
    places = np.flatnonzero(curve.sizes_S == size)
    values = curve.accuracy_DS[:, places].ravel()
    return np.asarray(values[np.isfinite(values)])
