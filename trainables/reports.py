"""The values a trial yields while it runs: `Progress*`, `EpochReport*`, then one `TrialReport`.

Shapes: N examples, K classes, F features, H W C an image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from trainables.corruptions.report import CorruptionReport


@dataclass(frozen=True)
class Progress:
    """A sign of life between two epochs, for people only; at most about one a second."""

    stage: str  # "extracting features", "waiting for features", "attacking"
    done: int = 0
    total: int = 0
    unit: str = "images"


@dataclass(frozen=True)
class EpochReport:
    """What one finished epoch gave.

    Args:
        epoch: 1 for the first.
        metrics: floats by name: `train_loss`, `train_acc`, `val_loss`, `val_acc`, `lr`.
    """

    epoch: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Predictions:
    """What a model said of one split: `indices` into the data set, true labels, logits."""

    split: str  # "train" or "val"
    indices_N: np.ndarray
    labels_N: np.ndarray
    logits_NK: np.ndarray

    @property
    def predicted_N(self) -> np.ndarray:
        """The most likely class of each example."""
        return self.logits_NK.argmax(axis=1)


@dataclass(frozen=True)
class RobustnessCurve:
    """Accuracy under one attack by epsilon, with all that makes the figures comparable.

    Args:
        eps_255: epsilons in units of 1/255, ascending, the first one 0.
        accuracy: plain accuracy under the attack at each epsilon.
        worst_case: share of images that survived every epsilon up to this one; never rises.
        provenance: attack, norm, resolution, sample digest, seed, precision, passes, versions.
    """

    eps_255: tuple[float, ...]
    accuracy: tuple[float, ...]
    worst_case: tuple[float, ...]
    count: int
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class Examples:
    """A few images before and after the attack at `eps_255`, for the picture.

    Args:
        clean_confidence_N, attacked_confidence_N: the chance that the net gives the class which it
            predicts, float32; None in files that are older than these.
    """

    eps_255: float
    clean_NHWC: np.ndarray  # uint8
    attacked_NHWC: np.ndarray  # float32 in [0, 1]
    labels_N: np.ndarray
    clean_predicted_N: np.ndarray
    attacked_predicted_N: np.ndarray
    clean_confidence_N: np.ndarray | None = None
    attacked_confidence_N: np.ndarray | None = None


@dataclass(frozen=True)
class TrialReport:
    """All that a finished trial leaves; only `metrics` is needed of a trainable of one's own.

    Args:
        metrics: final figures by their public names (`val_acc`, `robust_score`, `train_seconds`).
        history: one row an epoch, as in `EpochReport.metrics`, with `epoch`.
        classes: class names, index = label.
        weights: the tensors that this trial trained, by name: `weight` and `bias` of a linear head
            on cached features, else `head.*`, and `body.*` for what of it is not as published.
        second: after `attack` and `second_attack`, at epsilon 0 and 8/255 (L2: 128/255).
        digests: `data`, `split`, `weights`.
        steps: figures by training step, each [T]: `lr`.
    """

    metrics: Mapping[str, float]
    history: tuple[Mapping[str, float], ...] = ()
    classes: tuple[str, ...] = ()
    predictions: tuple[Predictions, ...] = ()
    robustness: RobustnessCurve | None = None
    second: RobustnessCurve | None = None
    examples: Examples | None = None
    corruptions: CorruptionReport | None = None
    weights: Mapping[str, np.ndarray] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, np.ndarray] = field(default_factory=dict)


Report = Progress | EpochReport | TrialReport
