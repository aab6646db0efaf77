"""Accuracy under corruptions, generated as they are needed.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from search_spaces.errors import UsageError
from trainables.attacks.provenance import sample_digest
from trainables.corruptions import CORRUPTIONS, SEVERITIES
from trainables.corruptions.corruption import corrupted
from trainables.reports import Progress

Classify = Callable[[np.ndarray], np.ndarray]
"""uint8 images [N, H, W, C] to logits or classes: [N, K] or [N]."""

BATCH = 100


@dataclass(frozen=True)
class CorruptionReport:
    """Accuracies by corruption and severity.

    Args:
        accuracy: by corruption, at each of `severities` in their order.
        clean: on the same images as they are; None where only corrupted ones are there.
        count: images at each severity.
        provenance: corruptions, severities, sample digest, seed, source.
    """

    accuracy: Mapping[str, tuple[float, ...]]
    severities: tuple[int, ...]
    clean: float | None
    count: int
    provenance: Mapping[str, Any]

    @property
    def mean(self) -> float:
        """Over all corruptions and severities, each with the same weight."""
        return fmean(fmean(each) for each in self.accuracy.values())

    def metrics(self) -> dict[str, float]:
        """`corruption_acc`, the mean; `corruption_acc_NAME`; `corruption_n`, images a severity."""
        by_name = {f"corruption_acc_{n}": fmean(each) for n, each in self.accuracy.items()}
        return {"corruption_acc": self.mean, **by_name, "corruption_n": float(self.count)}


def measure_corruptions(
    classify: Classify,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    *,
    names: Sequence[str] | None = None,
    severities: Sequence[int] = SEVERITIES,
    seed: int = 0,
) -> Generator[Progress, None, CorruptionReport]:
    """Every corruption at every severity, on the same images.

    Args:
        classify: such as `evaluating.trial_classifier` gives.
        images_NHWC: uint8, at the data set's own resolution.
        names: corruptions; all there are by default.

    Raises:
        UsageError: no images, an unknown corruption, or a severity that is not 1 to 5.
    """
    names = tuple(names or CORRUPTIONS.names())
    if len(images_NHWC) == 0:
        raise UsageError("Corruptions are measured on at least one image.", got=0)
    total = len(names) * len(severities)
    accuracy: dict[str, tuple[float, ...]] = {}
    for index, name in enumerate(names):
        found = []
        for number, severity in enumerate(severities):
            yield Progress("corrupting", index * len(severities) + number, total, "conditions")
            changed = corrupted(images_NHWC, name, severity, seed=seed)
            found.append(accuracy_of(classify, changed, labels_N))
        accuracy[name] = tuple(found)
    provenance = {
        "corruptions": list(names),
        "severities": list(severities),
        "sample_digest": sample_digest(images_NHWC, labels_N),
        "seed": seed,
        "source": "generated",
    }
    clean = accuracy_of(classify, images_NHWC, labels_N)
    yield Progress("corrupting", total, total, "conditions")
    return CorruptionReport(accuracy, tuple(severities), clean, len(labels_N), provenance)


def accuracy_of(classify: Classify, images_NHWC: np.ndarray, labels_N: np.ndarray) -> float:
    """Share of images that are right, batch after batch."""
    right = 0
    for start in range(0, len(labels_N), BATCH):
        said = np.asarray(classify(images_NHWC[start : start + BATCH]))
        said_N = said.argmax(axis=1) if said.ndim == 2 else said
        right += int((said_N == labels_N[start : start + BATCH]).sum())
    return right / len(labels_N)
