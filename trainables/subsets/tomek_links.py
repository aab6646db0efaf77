"""Images at random, but none of a Tomek link (Tomek 1976): the removal that the method is for.

Two images of different classes are a link where each is the other's nearest neighbour. Which end of
a link goes is said outright, by class: a rule such as imbalanced-learn's `auto` protects a class by
accident where counts tie. Needs the labels of all candidates.

Shapes: N candidates, F features.
"""

from __future__ import annotations

import numpy as np

from search_spaces.options import Option
from trainables.subsets.choosing import POOL
from trainables.subsets.distances import centred, neighbours
from trainables.subsets.kind import Choosing, SubsetStrategy

REMOVE = Option(
    "remove",
    "all",
    "which ends of a link go: all, those of all classes but the smallest, those of the largest",
    choices=("all", "not_minority", "majority"),
)


def select(choosing: Choosing) -> np.ndarray:
    """A random order of what is in no link; where that is too little, of the others after it."""
    labels_N = choosing.labels.ask_all()
    removed_N = in_links(choosing.features_NF, labels_N) & (
        _may_go(labels_N, str(choosing.options[REMOVE.name]))
    )
    any_order_N = choosing.generator.random(len(labels_N))
    return choosing.first_of(np.lexsort((any_order_N, removed_N)))


def in_links(features_NF: np.ndarray, labels_N: np.ndarray) -> np.ndarray:
    """Whether each image is an end of a Tomek link, bool [N]."""
    if len(labels_N) < 2:
        return np.zeros(len(labels_N), bool)
    nearest_N = neighbours(centred(features_NF), 1)[1][:, 0].numpy()
    mutual_N = nearest_N[nearest_N] == np.arange(len(labels_N))
    linked_N: np.ndarray = mutual_N & (labels_N[nearest_N] != labels_N)
    return linked_N


def _may_go(labels_N: np.ndarray, remove: str) -> np.ndarray:
    """Images of classes that are not protected; classes of equal size are treated alike."""
    counts_K = np.bincount(labels_N)
    own_N = counts_K[labels_N]
    if remove == "all":
        return np.ones(len(labels_N), bool)
    if remove == "majority":
        return np.asarray(own_N == counts_K.max())
    return np.asarray(own_N > counts_K[counts_K > 0].min())


TOMEK_LINKS = SubsetStrategy(
    name="tomek_links",
    sentence="images at random, but none of a Tomek link (Tomek 1976)",
    select=select,
    features=True,
    labels="all",
    options=(REMOVE, POOL),
)
