"""Entropy sampling (Settles 2009, Active Learning Literature Survey, 3.1)."""

from __future__ import annotations

import numpy as np
from scipy.stats import entropy

from trainables.subsets.active import OPTIONS, by_rounds
from trainables.subsets.kind import Choosing, SubsetStrategy


def rank(probabilities_MK: np.ndarray, wanted: int) -> np.ndarray:
    """The largest entropy of the predicted classes first."""
    del wanted
    return np.argsort(-entropy(probabilities_MK, axis=1), kind="stable")


def select(choosing: Choosing) -> np.ndarray:
    """Rounds by `rank`."""
    return by_rounds(choosing, rank)


ENTROPY = SubsetStrategy(
    name="entropy",
    sentence="active rounds: where the predicted classes have the largest entropy",
    select=select,
    features=True,
    labels="bought",
    options=OPTIONS,
)
