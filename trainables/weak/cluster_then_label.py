"""Cluster, then label: every image of a cluster gets the label that most of its labelled ones have.

There are never fewer clusters than classes. Clusters without a labelled image stay without, and so
do those whose labelled images are at odds: the most common label must have more than `purity` of
them.

Shapes: N images, C clusters, K classes.
"""

from __future__ import annotations

import numpy as np

from search_spaces.options import Option
from trainables.subsets.distances import unit_length
from trainables.subsets.typiclust import cluster
from trainables.weak.kind import POOL, Labelling, PseudoLabels, WeakMethod

CLUSTERS = Option(
    "clusters", 0.5, "clusters that k-means makes of all images; below 1 a share of the labels"
)
PURITY = Option("purity", 0.5, "share of a cluster's labels that one class must exceed", high=1)


def label(task: Labelling) -> PseudoLabels:
    """All images of the clusters whose labelled images agree."""
    asked = task.number(CLUSTERS.name)
    wanted = round(asked * len(task.labelled_B)) if asked < 1 else int(asked)
    clusters = min(max(wanted, task.classes), len(task.features_NF))
    cluster_N = cluster(unit_length(task.features_NF), clusters, task.seed)
    class_C = classes_of(
        cluster_N[task.labelled_B],
        task.labels_B,
        clusters=clusters,
        classes=task.classes,
        purity=task.number(PURITY.name),
    )
    rest_M = task.unlabelled_M
    found_M = class_C[cluster_N[rest_M]]
    return PseudoLabels(rest_M[found_M >= 0], found_M[found_M >= 0])


def classes_of(
    cluster_B: np.ndarray, labels_B: np.ndarray, *, clusters: int, classes: int, purity: float
) -> np.ndarray:
    """The class of each cluster, int64 [C]; -1 where no labelled image or no agreement is."""
    counts_CK = np.zeros((clusters, classes), np.int64)
    np.add.at(counts_CK, (cluster_B, labels_B), 1)
    agree_C = counts_CK.max(axis=1) > purity * counts_CK.sum(axis=1)
    return np.where(agree_C, counts_CK.argmax(axis=1), -1)


CLUSTER_THEN_LABEL = WeakMethod(
    name="cluster_then_label",
    sentence="k-means, and each cluster takes the label that most of its labelled images have",
    label=label,
    options=(CLUSTERS, PURITY, POOL),
)
