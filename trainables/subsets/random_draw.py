"""Any images: what every other strategy has to beat.

A smaller choice is a part of every larger one of the same seed.
"""

from __future__ import annotations

import numpy as np

from trainables.subsets.kind import Choosing, SubsetStrategy


def select(choosing: Choosing) -> np.ndarray:
    """The beginning of a random order of all candidates."""
    return choosing.first_of(choosing.generator.permutation(choosing.count))


RANDOM = SubsetStrategy(
    name="random",
    sentence="images at random, whatever their class",
    select=select,
    features=False,
    labels="none",
)
