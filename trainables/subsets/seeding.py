"""k-means++ (Arthur and Vassilvitskii 2007) with the very picks of scikit-learn's, much faster.

scikit-learn turns all points from float32 into float64, a chunk at a time, for each centre that it
draws: of 8,000 points of 1,280 features that is most of the time that k-means takes. Here products
in float32 tell which few points a new centre may be nearer to than the centres before it, and only
of those the distance is computed as scikit-learn computes it. What is drawn, and in which order, is
scikit-learn's, so its centres are the same (`sklearn.cluster.kmeans_plusplus`, in
tests/subsets/test_seeding.py).

Shapes: N points, M of them, F features, C centres, T candidates for one.
"""

from __future__ import annotations

import numpy as np
import torch

# Of the largest square: sums of 1,280 float32 products are right to about 1e-6 of it.
_MARGIN = 1e-4


def plus_plus(points_NF: np.ndarray, count: int, random_state: np.random.RandomState) -> np.ndarray:
    """Centres [C, F], as the `init` of scikit-learn's k-means takes them."""
    return points_NF[plus_plus_places(points_NF, count, random_state)]


def plus_plus_places(
    points_NF: np.ndarray, count: int, random_state: np.random.RandomState
) -> np.ndarray:
    """Which points are centres, in the order in which they are drawn.

    Of 2 + log C candidates for a centre, drawn in proportion to squared distances from the centres
    so far, the one is taken that leaves the least of them.
    """
    near = _Nearest(points_NF)
    total = len(points_NF)
    weight_N = np.ones(total, points_NF.dtype)
    candidates = 2 + int(np.log(count))
    places = [int(random_state.choice(total, p=weight_N / weight_N.sum()))]
    nearest_N = near.exact(places[0], np.arange(total))
    left = (nearest_N[None] @ weight_N)[0]
    for _ in range(1, count):
        drawn_T = random_state.uniform(size=candidates) * left
        places_T = np.searchsorted(np.cumsum(nearest_N), drawn_T).clip(max=total - 1)
        nearest_TN = near.with_each(places_T, nearest_N)
        left_T = (nearest_TN @ weight_N[:, None])[:, 0]
        best = int(left_T.argmin())
        nearest_N, left = nearest_TN[best], left_T[best]
        places.append(int(places_T[best]))
    return np.array(places, np.int64)


class _Nearest:
    """Squared distances to the nearest centre, in the points' own precision."""

    def __init__(self, points_NF: np.ndarray) -> None:
        self._points_NF = points_NF
        self._quick_NF = torch.from_numpy(np.asarray(points_NF, np.float32))
        self._squares_N = np.einsum("nf,nf->n", points_NF, points_NF, dtype=np.float64)
        self._margin = _MARGIN * float(self._squares_N.max())

    def with_each(self, places_T: np.ndarray, nearest_N: np.ndarray) -> np.ndarray:
        """[T, N]: with one candidate more, each by itself."""
        products_TN = (self._quick_NF[places_T] @ self._quick_NF.T).numpy()
        squares_TN = self._squares_N[places_T, None] + self._squares_N - self._margin
        nearer_TN = squares_TN - 2.0 * products_TN < nearest_N
        nearest_TN = np.tile(nearest_N, (len(places_T), 1))
        for t, place in enumerate(places_T):
            rows_M = np.flatnonzero(nearer_TN[t])
            nearest_TN[t, rows_M] = np.minimum(nearest_N[rows_M], self.exact(place, rows_M))
        return nearest_TN

    def exact(self, place: int, rows_M: np.ndarray) -> np.ndarray:
        """From the point at `place` to those of `rows_M`, by float64."""
        rows_MF = self._points_NF[rows_M].astype(np.float64)
        squared_M = -2.0 * (rows_MF @ self._points_NF[place].astype(np.float64))
        squared_M += self._squares_N[place]
        squared_M += self._squares_N[rows_M]
        return np.maximum(squared_M.astype(self._points_NF.dtype), 0)
