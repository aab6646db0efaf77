"""Label spreading (Zhou et al. 2004) on a graph of nearest neighbours: scikit-learn's, our graph.

scikit-learn's own `knn` kernel would do, but finds the neighbours of 50,000 images far more slowly;
its `rbf` kernel needs a matrix of 50,000 x 50,000 and is never used. Features are scaled to length
1. The images that the spreading is surest of are labelled.

Shapes: N images, M without a label, S neighbours, K classes.
"""

from __future__ import annotations

import warnings

import numpy as np
from scipy import sparse

from search_spaces.options import Option
from trainables.weak.kind import POOL, Labelling, PseudoLabels, WeakMethod

NEIGHBOURS = Option(
    "neighbours", 10, "nearest neighbours that an image is joined to", low=1, whole=True
)
ALPHA = Option("alpha", 0.9, "how much neighbours count beside an own label", low=0.01, high=0.99)
SHARE = Option("share", 0.7, "the share of images, the surest first, that are labelled", high=1)
_ROUNDS = 100


def label(task: Labelling) -> PseudoLabels:
    """The surest `share` of the images without a label, of those that any label reaches."""
    rest_M = task.unlabelled_M
    spread_MK = spread(task)[rest_M]
    total_M = spread_MK.sum(axis=1)
    reached_M = total_M > 0
    wanted = min(round(task.number(SHARE.name) * len(rest_M)), int(reached_M.sum()))
    sure_M = spread_MK.max(axis=1) / np.where(reached_M, total_M, 1)
    first = np.sort(np.argsort(-np.where(reached_M, sure_M, -1), kind="stable")[:wanted])
    return PseudoLabels(rest_M[first], spread_MK.argmax(axis=1)[first])


def spread(task: Labelling) -> np.ndarray:
    """What reaches each image of each class, float64 [N, K]; rows sum to 1, or are 0."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.semi_supervised import LabelSpreading

    given_N = np.full(len(task.features_NF), -1)
    given_N[task.labelled_B] = task.labels_B
    graph = neighbour_graph(task.features_NF, int(task.number(NEIGHBOURS.name)))
    model = LabelSpreading(
        kernel=lambda *_: graph, alpha=task.number(ALPHA.name), max_iter=_ROUNDS, tol=1e-6
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", RuntimeWarning)  # 0 / 0 of images that no label reaches
        # It keeps what it is given and asks the kernel alone: no need for features of that size.
        model.fit(np.zeros((len(given_N), 1)), given_N)
    spread_NK = np.zeros((len(given_N), task.classes))
    spread_NK[:, model.classes_] = np.nan_to_num(model.label_distributions_)
    return spread_NK


def neighbour_graph(features_NF: np.ndarray, count: int) -> sparse.csr_matrix:
    """Joins two images where one is among the `count` nearest of the other; 1 or 0, symmetric."""
    from trainables.subsets.distances import neighbours, unit_length  # torch

    _, nearest_NS = neighbours(unit_length(features_NF), count)
    total, count = nearest_NS.shape
    ones = np.ones(total * count)
    rows = np.repeat(np.arange(total), count)
    graph = sparse.csr_matrix((ones, (rows, nearest_NS.numpy().ravel())), shape=(total, total))
    return graph.maximum(graph.T)


LABEL_SPREADING = WeakMethod(
    name="label_spreading",
    sentence="labels spread over a graph of nearest neighbours (Zhou et al. 2004)",
    label=label,
    options=(NEIGHBOURS, ALPHA, SHARE, POOL),
)
