"""Near to another class and far from their own: reference A's first idea, in L2.

An image's score is its distance to the mean of its own class less that to the nearest mean of
another class; the highest come first. Needs the labels of all candidates.

Shapes: N candidates, F features, K classes.
"""

from __future__ import annotations

import numpy as np
import torch

from trainables.subsets.choosing import POOL
from trainables.subsets.distances import centred
from trainables.subsets.kind import Choosing, SubsetStrategy


def select(choosing: Choosing) -> np.ndarray:
    """The highest scores first."""
    labels_N = choosing.labels.ask_all()
    scores_N = class_scores(choosing.features_NF, labels_N)
    return choosing.first_of(np.argsort(-scores_N, kind="stable"))


def class_scores(features_NF: np.ndarray, labels_N: np.ndarray) -> np.ndarray:
    """Distance to the own class's mean less that to the nearest other's; 0 with one class."""
    points_NF = centred(features_NF)
    present, own_N = np.unique(labels_N, return_inverse=True)
    if len(present) < 2:
        return np.zeros(len(labels_N))
    means_KF = torch.stack([points_NF[own_N == each].mean(0) for each in range(len(present))])
    distance_NK = torch.cdist(points_NF, means_KF).numpy()
    rows_N = np.arange(len(labels_N))
    to_own_N = distance_NK[rows_N, own_N].copy()
    distance_NK[rows_N, own_N] = np.inf
    score_N: np.ndarray = to_own_N - distance_NK.min(1)
    return score_N


CLASS_DISTANCE = SubsetStrategy(
    name="class_distance",
    sentence="images far from their own class and near to another, in L2 (reference A)",
    select=select,
    features=True,
    labels="all",
    options=(POOL,),
)
