"""Accuracy under corruptions, generated as they are needed.

Shapes: N images, H W C an image.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import numpy as np

from search_spaces.errors import UsageError
from trainables.attacks.provenance import sample_digest
from trainables.corruptions import CORRUPTIONS, SEVERITIES
from trainables.corruptions.choosing import families_of
from trainables.corruptions.corruption import corrupted
from trainables.corruptions.report import CorruptionReport
from trainables.reports import Progress

Classify = Callable[[np.ndarray], np.ndarray]
"""uint8 images [N, H, W, C] to logits or classes: [N, K] or [N]."""

BATCH = 100

__all__ = ["BATCH", "Classify", "CorruptionReport", "accuracy_of", "measure_corruptions"]


def measure_corruptions(
    classify: Classify,
    images_NHWC: np.ndarray,
    labels_N: np.ndarray,
    *,
    names: Sequence[str] | None = None,
    severities: Sequence[int] = SEVERITIES,
    seed: int = 0,
    batch_size: int = BATCH,
    known: Mapping[str, Any] | None = None,
) -> Generator[Progress, None, CorruptionReport]:
    """Every corruption at every severity, on the same images.

    Args:
        classify: such as `evaluating.trial_classifier` gives.
        images_NHWC: uint8, at the data set's own resolution.
        names: corruptions; all there are by default.
        known: what the caller knows (`precision`), for the provenance.

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
            found.append(accuracy_of(classify, changed, labels_N, batch_size))
        accuracy[name] = tuple(found)
    provenance = {
        "corruptions": list(names),
        "severities": list(severities),
        "sample_digest": sample_digest(images_NHWC, labels_N),
        "seed": seed,
        "source": "generated",
        "families": families_of(names),
        **(known or {}),
    }
    clean = accuracy_of(classify, images_NHWC, labels_N, batch_size)
    yield Progress("corrupting", total, total, "conditions")
    return CorruptionReport(accuracy, tuple(severities), clean, len(labels_N), provenance)


def accuracy_of(
    classify: Classify, images_NHWC: np.ndarray, labels_N: np.ndarray, batch_size: int = BATCH
) -> float:
    """Share of images that are right, batch after batch."""
    right = 0
    for start in range(0, len(labels_N), batch_size):
        said = np.asarray(classify(images_NHWC[start : start + batch_size]))
        said_N = said.argmax(axis=1) if said.ndim == 2 else said
        right += int((said_N == labels_N[start : start + batch_size]).sum())
    return right / len(labels_N)
