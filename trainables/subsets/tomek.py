"""Images whose nearest neighbours have other labels: reference A's use of Tomek's idea.

Needs the labels of all candidates, so it saves nobody any labelling: it tells which images of a
labelled set to keep. Shapes: N candidates, S neighbours.
"""

from __future__ import annotations

import numpy as np

from search_spaces.options import Option
from trainables.subsets.choosing import POOL
from trainables.subsets.distances import centred, neighbours
from trainables.subsets.kind import Choosing, SubsetStrategy

NEIGHBOURS = Option("neighbours", 3, "nearest neighbours that are asked", low=1, whole=True)


def select(choosing: Choosing) -> np.ndarray:
    """Those with the most neighbours of other labels; of equals, any."""
    labels_N = choosing.labels.ask_all()
    count = int(float(choosing.options[NEIGHBOURS.name]))
    disagree_N = disagreeing(choosing.features_NF, labels_N, count)
    any_order_N = choosing.generator.random(len(labels_N))
    return choosing.first_of(np.lexsort((any_order_N, -disagree_N)))


def disagreeing(features_NF: np.ndarray, labels_N: np.ndarray, count: int) -> np.ndarray:
    """How many of each image's `count` nearest neighbours have another label, int64 [N]."""
    _, nearest_NS = neighbours(centred(features_NF), count)
    others_N: np.ndarray = (labels_N[nearest_NS.numpy()] != labels_N[:, None]).sum(1)
    return others_N


TOMEK = SubsetStrategy(
    name="tomek",
    sentence="images whose three nearest neighbours have other labels (reference A)",
    select=select,
    features=True,
    labels="all",
    options=(NEIGHBOURS, POOL),
)
