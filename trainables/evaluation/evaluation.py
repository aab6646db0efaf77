"""`Evaluation`: all that is said of one split, as one value and one JSON file.

Its JSON Schema is `docs/evaluation.schema.json`, made from this class (a test holds it to that).
Shapes: N examples, K classes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from search_spaces.errors import TrialFailed, UsageError
from trainables.evaluation.best_epoch import BestEpoch
from trainables.evaluation.calibration import CalibrationBin, calibration_bins, calibration_error
from trainables.evaluation.classes import ClassFigures, balanced_accuracy, class_figures
from trainables.evaluation.confusion import ConfusedPair, confusion_counts, most_confused
from trainables.evaluation.intervals import wilson_interval
from trainables.evaluation.metrics import accuracy, cross_entropy
from trainables.evaluation.mistakes import Mistake, worst_mistakes

SCHEMA_VERSION: Literal[1] = 1
PAIRS = 10  # confused pairs that are kept
MISTAKES = 24  # worst mistakes that are kept: as many as the picture shows

Fact = str | int | float | None


class Evaluation(BaseModel):
    """One classifier on one split; `null` stands for a figure that no example gives."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        title="Evaluation",
        json_schema_serialization_defaults_required=True,
    )

    schema_version: Literal[1] = SCHEMA_VERSION
    split: str = Field(description="train, val or test")
    count: int = Field(ge=0, description="examples")
    classes: tuple[str, ...] = Field(description="class names by label")
    accuracy: float | None = Field(description="share whose highest logit is the label")
    accuracy_low: float | None = Field(description="lower end of Wilson's 95 % interval")
    accuracy_high: float | None = Field(description="upper end of Wilson's 95 % interval")
    balanced_accuracy: float | None = Field(description="mean recall of the classes there are")
    loss: float | None = Field(description="mean cross-entropy, in nats")
    ece: float | None = Field(description="expected calibration error, 15 bins of equal width")
    calibration: tuple[CalibrationBin, ...] = Field(description="the bins of `ece`, lowest first")
    per_class: tuple[ClassFigures, ...] = Field(description="a row a class, by label")
    confusion: tuple[tuple[int, ...], ...] = Field(description="row: true, column: predicted class")
    most_confused: tuple[ConfusedPair, ...] = Field(description="highest count first")
    mistakes: tuple[Mistake, ...] = Field(description="highest loss first")
    best_epoch: BestEpoch | None = Field(
        default=None, description="of its training; null for a bare model, and without figures"
    )
    provenance: dict[str, Fact] = Field(
        default_factory=dict, description="what was evaluated, on which data, by what"
    )

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """What `docs/evaluation.schema.json` holds."""
        return cls.model_json_schema(mode="serialization")

    def to_json(self) -> dict[str, Any]:
        """As `docs/evaluation.schema.json` has it."""
        return self.model_dump(mode="json")


def evaluate_split(
    logits_NK: np.ndarray,
    labels_N: np.ndarray,
    classes: Sequence[str],
    *,
    split: str,
    indices_N: np.ndarray | None = None,
    best_epoch: BestEpoch | None = None,
    provenance: Mapping[str, Fact] | None = None,
) -> Evaluation:
    """All figures of one split.

    Args:
        indices_N: of the examples in the data set, for the mistakes (default: 0, 1, 2, ...).
        best_epoch: of the training.
        provenance: kept beside the figures.

    Raises:
        UsageError: shapes that do not go together, or a label that no class has.
        TrialFailed: logits that are not finite.
    """
    indices_N = np.arange(len(labels_N)) if indices_N is None else indices_N
    check_logits(logits_NK, labels_N, len(classes))
    counts_KK = confusion_counts(logits_NK.argmax(axis=1), labels_N, len(classes))
    bins = calibration_bins(logits_NK, labels_N)
    right, total = int(np.trace(counts_KK)), len(labels_N)
    low, high = wilson_interval(right, total) if total else (None, None)
    return Evaluation(
        split=split,
        count=total,
        classes=tuple(classes),
        accuracy=_figure(accuracy(logits_NK, labels_N)),
        accuracy_low=low,
        accuracy_high=high,
        balanced_accuracy=_figure(balanced_accuracy(counts_KK)),
        loss=_figure(cross_entropy(logits_NK, labels_N)),
        ece=_figure(calibration_error(bins)),
        calibration=bins,
        per_class=class_figures(counts_KK, classes),
        confusion=tuple(tuple(row) for row in counts_KK.tolist()),
        most_confused=most_confused(counts_KK, classes, limit=PAIRS),
        mistakes=worst_mistakes(logits_NK, labels_N, indices_N, classes, limit=MISTAKES),
        best_epoch=best_epoch,
        provenance=dict(provenance or {}),
    )


def check_logits(logits_NK: np.ndarray, labels_N: np.ndarray, n_classes: int) -> None:
    """Raises as `evaluate_split`."""
    expected = (len(labels_N), n_classes)
    if logits_NK.shape != expected:
        rule = f"Logits must be of shape {expected}: a row an example, a column a class."
        raise UsageError(rule, got=logits_NK.shape)
    if len(labels_N) and not 0 <= labels_N.min() <= labels_N.max() < n_classes:
        rule = f"Labels must be whole numbers from 0 to {n_classes - 1}."
        raise UsageError(rule, got=[int(labels_N.min()), int(labels_N.max())])
    bad_M = np.flatnonzero(~np.isfinite(logits_NK).all(axis=1))
    if len(bad_M):
        raise TrialFailed(
            f"Logits must be finite; those of {len(bad_M)} of {len(labels_N)} examples are not "
            f"(the first is example {bad_M[0]})."
        )


def _figure(value: float) -> float | None:
    return value if math.isfinite(value) else None
