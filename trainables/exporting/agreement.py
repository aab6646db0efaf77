"""Whether an exported net says of the validation images what its trial said of them.

Shapes: N images, H W C an image, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from search_spaces.errors import TrialFailed
from trainables.data import ImageData
from trainables.folds.kind import SPLIT
from trainables.record import TrialRecord

MOST_IMAGES = 256
"""Compared at the most: 256 images at 224 px take some 10 s on two cores."""
_BATCH = 32
# Measured with tf_efficientnet_lite0 at 64 px, a head on 300 CIFAR-10 labels, 150 images: a trial
# in float32 differs by 1e-7 in the mean, one in bfloat16 by 0.019 (98 % of classes the same, 0.7
# points of accuracy). Another normalisation (ImageNet's) makes it 0.30.
_LARGEST_MEAN = {"float32": 0.01, "rounded": 0.1}


@dataclass(frozen=True)
class Agreement:
    """How near two nets are on the same images.

    Args:
        images: compared.
        same_class: share of them with the same most likely class.
        mean_difference, largest_difference: of the probabilities: half the sum over classes of
            their distances (total variation), its mean and maximum over images.
    """

    images: int
    same_class: float
    mean_difference: float
    largest_difference: float

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return dict(vars(self))


def agreement_with_trial(
    probabilities: Callable[[np.ndarray], np.ndarray],
    record: TrialRecord,
    data: ImageData,
    *,
    most: int = MOST_IMAGES,
) -> Agreement | None:
    """Compare with the trial's own predictions on its validation images.

    Under cross-validation those are not of the net that was kept: then on its training images.

    Args:
        probabilities: uint8 [N, H, W, 3] to [N, K].
        data: that of the trial.

    Returns:
        None for a trial that kept no predictions.

    Raises:
        TrialFailed: the two are not the same net.
    """
    split = "val" if getattr(record.config, "validation", SPLIT) == SPLIT else "train"
    kept = [part for part in record.report.predictions if part.split == split]
    if not kept or not len(kept[0].indices_N):
        return None
    part = kept[0]
    trials_NK = _softmax(part.logits_NK[:most])
    rows_N = part.indices_N[:most]
    own_NK = np.concatenate(
        [
            probabilities(np.asarray(data.images_NHWC[rows_N[start : start + _BATCH]]))
            for start in range(0, len(rows_N), _BATCH)
        ]
    )
    found = compare(own_NK, trials_NK)
    exact = getattr(record.config, "precision", "") == "float32"
    which = "validation" if split == "val" else "training"
    most_mean = _LARGEST_MEAN["float32" if exact else "rounded"]
    if not found.mean_difference <= most_mean:
        raise TrialFailed(
            "An exported net must say what its trial said; its probabilities on "
            f"{found.images} {which} images differ by {found.mean_difference:.3f} in the mean "
            f"(at most {most_mean} is rounding), and {100 * found.same_class:.1f} % of the "
            "classes are the same."
        )
    return found


def compare(own_NK: np.ndarray, other_NK: np.ndarray) -> Agreement:
    """Two nets' probabilities of the same images."""
    differences_N = np.abs(own_NK.astype(np.float64) - other_NK).sum(axis=1) / 2
    return Agreement(
        images=len(own_NK),
        same_class=float((own_NK.argmax(axis=1) == other_NK.argmax(axis=1)).mean()),
        mean_difference=float(differences_N.mean()),
        largest_difference=float(differences_N.max()),
    )


def _softmax(logits_NK: np.ndarray) -> np.ndarray:
    shifted_NK = logits_NK.astype(np.float64) - logits_NK.max(axis=1, keepdims=True)
    powers_NK = np.exp(shifted_NK)
    probabilities_NK: np.ndarray = powers_NK / powers_NK.sum(axis=1, keepdims=True)
    return probabilities_NK
