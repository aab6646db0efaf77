"""Margin sampling by pairs of classes: reference A's own variant.

Each image belongs to the pair of its two likeliest classes. The pair with the smallest mean margin
over the images not yet labelled gets the next ones, those of the smallest margin first; where it
has fewer than a round wants, the next pair follows. Pairs of fewer images than a round come last:
the mean of one or two images says nothing of two classes.

Shapes: M candidates not bought, K classes, P pairs.
"""

from __future__ import annotations

import numpy as np

from trainables.subsets.active import OPTIONS, by_rounds, margins
from trainables.subsets.kind import Choosing, SubsetStrategy


def rank(probabilities_MK: np.ndarray, wanted: int) -> np.ndarray:
    """Pair by pair, and within a pair the smallest margin first."""
    margin_M = margins(probabilities_MK)
    classes = probabilities_MK.shape[1]
    top_M2 = np.sort(np.argsort(-probabilities_MK, axis=1, kind="stable")[:, :2], axis=1)
    _, pair_M = np.unique(top_M2 @ np.array([classes, 1][: top_M2.shape[1]]), return_inverse=True)
    size_P = np.bincount(pair_M)
    mean_P = np.bincount(pair_M, weights=margin_M) / size_P
    return np.lexsort((margin_M, pair_M, mean_P[pair_M], size_P[pair_M] < wanted))


def select(choosing: Choosing) -> np.ndarray:
    """Rounds by `rank`."""
    return by_rounds(choosing, rank)


MARGIN_CLASS = SubsetStrategy(
    name="margin_class",
    sentence="active rounds: the pair of classes that is told apart worst (reference A)",
    select=select,
    features=True,
    labels="bought",
    options=OPTIONS,
)
