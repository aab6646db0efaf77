"""The first images, as reference D took them."""

from __future__ import annotations

import numpy as np

from trainables.subsets.kind import Choosing, SubsetStrategy


def select(choosing: Choosing) -> np.ndarray:
    """The first candidates, in the order of the data."""
    return choosing.first_of(np.arange(choosing.count))


FIRST = SubsetStrategy(
    name="first",
    sentence="the first images of the data, as reference D took them",
    select=select,
    features=False,
    labels="none",
)
