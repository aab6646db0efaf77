"""TypiClust (Hacohen, Dekel and Weinshall 2022): typical images of clusters, for low budgets.

As many clusters as images to be labelled, 500 at the most; of each, the largest first, the image
whose nearest neighbours within the cluster are the closest. Clusters with known images come last,
and beyond 500 images a cluster is visited again. Clusters of 5 images or fewer are passed over, as
in the authors' code, unless all are so.

Shapes: N candidates, F features, M images of a cluster, B chosen.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import torch

from search_spaces.options import Option
from trainables.subsets.choosing import POOL
from trainables.subsets.distances import neighbours, unit_length
from trainables.subsets.kind import Choosing, SubsetStrategy
from trainables.subsets.seeding import plus_plus

NEIGHBOURS = Option(
    "neighbours", 20, "neighbours that say how typical an image is", low=1, whole=True
)
CLUSTERS = Option("clusters", 500, "the most clusters", low=1, whole=True)
_SMALL = 5
_FEW = 50  # clusters up to which plain k-means is affordable


def select(choosing: Choosing) -> np.ndarray:
    """A cluster after the other, the largest first."""
    points_NF = unit_length(choosing.features_NF)
    clusters = min(choosing.total, int(float(choosing.options[CLUSTERS.name])))
    cluster_N = cluster(points_NF, clusters, int(choosing.generator.integers(1 << 31)))
    most = int(float(choosing.options[NEIGHBOURS.name]))
    order_C = visiting_order(cluster_N, choosing.known_A)
    new_N = ~np.isin(np.arange(choosing.count), choosing.known_A)
    members = [np.flatnonzero((cluster_N == each) & new_N) for each in order_C]
    chosen: list[int] = []
    while len(chosen) < choosing.budget:
        if not any(len(rows_M) for rows_M in members):  # all large clusters are used up
            members = [np.setdiff1d(np.flatnonzero(new_N), chosen)]
        for turn, rows_M in enumerate(members):
            if len(rows_M) and len(chosen) < choosing.budget:
                best = int(rows_M[most_typical(points_NF[rows_M], most)])
                chosen.append(best)
                members[turn] = rows_M[rows_M != best]
                choosing.tell(len(chosen))
    return np.array(chosen, np.int64)


def cluster(points_NF: torch.Tensor, clusters: int, seed: int) -> np.ndarray:
    """The cluster of each point, by k-means; there may be fewer than asked for."""
    from sklearn.cluster import KMeans, MiniBatchKMeans
    from sklearn.exceptions import ConvergenceWarning

    kind = KMeans if clusters <= _FEW else MiniBatchKMeans
    extra: dict[str, Any] = {"init": plus_plus}
    if clusters > _FEW:
        extra["batch_size"] = 5000
    with warnings.catch_warnings():
        # Copies of an image: fewer different points than clusters, which is no trouble here.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = kind(clusters, n_init=1, random_state=seed, **extra).fit(points_NF.numpy())
    cluster_N: np.ndarray = found.labels_.astype(np.int64)
    return cluster_N


def visiting_order(cluster_N: np.ndarray, known_A: np.ndarray) -> np.ndarray:
    """Clusters with the fewest known images first, and of these the largest.

    Small ones only where there are no others.
    """
    size_C = np.bincount(cluster_N)
    known_C = np.bincount(cluster_N[known_A], minlength=len(size_C))
    order_C = np.lexsort((-size_C, known_C))
    large_C = order_C[size_C[order_C] > _SMALL]
    return large_C if len(large_C) else order_C[size_C[order_C] > 0]


def most_typical(points_MF: torch.Tensor, most: int) -> int:
    """The point with the smallest mean distance to its `most` nearest neighbours.

    In a small cluster half of its points are neighbours enough (the authors' code).
    """
    count = max(1, min(most, len(points_MF) // 2))
    if len(points_MF) == 1:
        return 0
    distances_MS, _ = neighbours(points_MF - points_MF.mean(0), count)
    return int(distances_MS.mean(1).argmin())


TYPICLUST = SubsetStrategy(
    name="typiclust",
    sentence="the most typical image of each cluster (Hacohen et al. 2022); for low budgets",
    select=select,
    features=True,
    labels="none",
    options=(NEIGHBOURS, CLUSTERS, POOL),
)
