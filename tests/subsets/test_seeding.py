"""Centres of k-means++ are scikit-learn's, draw by draw."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.cluster import KMeans, MiniBatchKMeans, kmeans_plusplus

from trainables.subsets.seeding import plus_plus, plus_plus_places


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("points", "features", "count"), [(500, 16, 40), (90, 3, 90), (7, 2, 1)])
def test_places_are_those_of_scikit_learn(points, features, count, dtype):
    for seed in range(3):
        points_NF = np.random.default_rng(seed).normal(size=(points, features)).astype(dtype)
        _, theirs = kmeans_plusplus(points_NF, count, random_state=np.random.RandomState(seed))
        ours = plus_plus_places(points_NF, count, np.random.RandomState(seed))
        assert ours.tolist() == theirs.tolist()


@pytest.mark.parametrize(
    ("kind", "options"), [(KMeans, {}), (MiniBatchKMeans, {"batch_size": 100, "init_size": 200})]
)
def test_clusters_are_the_same_with_it(kind, options):
    points_NF = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    plain = kind(20, n_init=1, random_state=5, **options).fit(points_NF)
    fast = kind(20, n_init=1, random_state=5, init=plus_plus, **options).fit(points_NF)
    assert plain.labels_.tolist() == fast.labels_.tolist()


def test_copies_of_one_point_are_drawn_all_the_same():
    points_NF = np.ones((10, 4), np.float32)
    assert len(plus_plus_places(points_NF, 3, np.random.RandomState(0))) == 3
