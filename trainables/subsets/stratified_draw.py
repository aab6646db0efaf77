"""Random images, as many of each class as its share: what all trials train on by default.

Nobody can draw so without knowing all labels; `random` is what a person with unlabelled images has.
"""

from __future__ import annotations

import numpy as np

from trainables.stratified import balanced_order
from trainables.subsets.kind import Choosing, SubsetStrategy


def select(choosing: Choosing) -> np.ndarray:
    """The beginning of a random order that is balanced over the classes."""
    return choosing.first_of(balanced_order(choosing.labels.ask_all(), choosing.generator))


STRATIFIED = SubsetStrategy(
    name="stratified",
    sentence="images at random, balanced over the classes (needs all labels to draw so)",
    select=select,
    features=False,
    labels="all",
)
