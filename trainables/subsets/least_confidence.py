"""Least confidence (Lewis and Gale 1994; Settles 2009, 3.1)."""

from __future__ import annotations

import numpy as np

from trainables.subsets.active import OPTIONS, by_rounds
from trainables.subsets.kind import Choosing, SubsetStrategy


def rank(probabilities_MK: np.ndarray, wanted: int) -> np.ndarray:
    """The least probable likeliest class first."""
    del wanted
    return np.argsort(probabilities_MK.max(axis=1), kind="stable")


def select(choosing: Choosing) -> np.ndarray:
    """Rounds by `rank`."""
    return by_rounds(choosing, rank)


LEAST_CONFIDENCE = SubsetStrategy(
    name="least_confidence",
    sentence="active rounds: where the likeliest class is the least likely",
    select=select,
    features=True,
    labels="bought",
    options=OPTIONS,
)
