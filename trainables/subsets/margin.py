"""Margin sampling (Scheffer, Decomain and Wrobel 2001), as in reference A."""

from __future__ import annotations

import numpy as np

from trainables.subsets.active import OPTIONS, by_rounds, margins
from trainables.subsets.kind import Choosing, SubsetStrategy


def rank(probabilities_MK: np.ndarray, wanted: int) -> np.ndarray:
    """The smallest margin between the two likeliest classes first."""
    del wanted
    return np.argsort(margins(probabilities_MK), kind="stable")


def select(choosing: Choosing) -> np.ndarray:
    """Rounds by `rank`."""
    return by_rounds(choosing, rank)


MARGIN = SubsetStrategy(
    name="margin",
    sentence="active rounds: where the two likeliest classes are the closest",
    select=select,
    features=True,
    labels="bought",
    options=OPTIONS,
)
