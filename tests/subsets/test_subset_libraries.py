"""The same answers as scikit-activeml, imbalanced-learn, scikit-learn, or a formula written out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from imblearn.under_sampling import TomekLinks
from skactiveml.pool import CoreSet, TypiClust, uncertainty_scores
from sklearn.neighbors import NearestNeighbors
from subset_parts import blobs, chosen

from trainables.subsets import choose, distances, entropy, least_confidence, margin, parse_subset
from trainables.subsets.columns import Columns
from trainables.subsets.coreset import farthest_first
from trainables.subsets.herding import herd
from trainables.subsets.tomek_links import in_links

SEEDS = pytest.mark.parametrize("seed", range(5))


@SEEDS
@pytest.mark.parametrize(
    ("strategy", "method"),
    [
        (margin, "margin_sampling"),
        (least_confidence, "least_confident"),
        (entropy, "entropy"),
    ],
)
def test_uncertainty_is_ordered_as_in_scikit_activeml(strategy, method, seed):
    probabilities_MK = np.random.default_rng(seed).dirichlet(np.ones(5), size=300)
    theirs_M = uncertainty_scores(probabilities_MK, method=method)
    assert strategy.rank(probabilities_MK, 1).tolist() == np.argsort(-theirs_M).tolist()


@SEEDS
def test_k_centres_are_those_of_scikit_activeml(seed):
    features_NF, _ = blobs(200, features=20, seed=seed)
    bought = np.array([3, 50])
    labels_N = np.full(200, np.nan)
    labels_N[bought] = 0
    theirs = CoreSet(random_state=0).query(features_NF, labels_N, batch_size=40)
    ours = farthest_first(features_NF, bought, 42, lambda done: None)
    assert ours[2:].tolist() == theirs.tolist()


@SEEDS
def test_typical_images_are_those_of_scikit_activeml(seed):
    # Six clouds that k-means cannot miss, of different sizes; ours scales features to length 1.
    rng = np.random.default_rng(seed)
    cloud_N = np.repeat(range(6), [40, 36, 30, 25, 20, 15])
    points_NF = np.eye(6, 8)[cloud_N] + 0.05 * rng.normal(size=(len(cloud_N), 8))
    unit_NF = distances.unit_length(points_NF).numpy()
    unlabelled_N = np.full(len(cloud_N), np.nan)
    theirs = TypiClust(random_state=0, k=5).query(unit_NF, unlabelled_N, batch_size=6)
    ours = chosen("typiclust:neighbours=5", unit_NF, cloud_N, 6, classes=6)
    assert ours.indices_B.tolist() == theirs.tolist()
    known_A = np.array([3, 50])  # in the first cloud and in the second
    given_N = np.full(len(cloud_N), np.nan)
    given_N[known_A] = 0
    theirs = TypiClust(random_state=0, k=5).query(unit_NF, given_N, batch_size=4)
    ours = choose(
        parse_subset("typiclust:neighbours=5"), unit_NF, cloud_N, budget=4, classes=6, seed=0,
        known_A=known_A,
    )  # fmt: skip
    assert ours.indices_B.tolist() == theirs.tolist()


@SEEDS
@pytest.mark.parametrize("remove", ["all", "majority", "not_minority"])
def test_tomek_links_are_those_of_imbalanced_learn(remove, seed):
    features_NF, labels_N = blobs(300, seed=seed)
    keep_N = (labels_N == 0) | (np.arange(300) % (labels_N + 1) == 0)  # classes of unequal size
    features_NF, labels_N = features_NF[keep_N], labels_N[keep_N]
    theirs = TomekLinks(sampling_strategy=remove.replace("_", " "))
    theirs.fit_resample(features_NF, labels_N)
    kept = chosen(
        f"tomek_links:remove={remove}", features_NF, labels_N, len(theirs.sample_indices_)
    )
    assert sorted(kept.indices_B) == theirs.sample_indices_.tolist()
    assert in_links(features_NF, labels_N).sum() >= len(labels_N) - len(kept.indices_B) > 0


@SEEDS
@pytest.mark.parametrize("part", [64, 1 << 24])  # distances at a time
def test_neighbours_are_those_of_scikit_learn(monkeypatch, part, seed):
    monkeypatch.setattr(distances, "_PART", part)
    features_NF, _ = blobs(150, features=10, seed=seed)
    features_NF += 100.0
    found_NS, indices_NS = distances.neighbours(distances.centred(features_NF), 4)
    theirs = NearestNeighbors(n_neighbors=4).fit(features_NF)
    their_NS, their_indices_NS = theirs.kneighbors()
    assert indices_NS.tolist() == their_indices_NS.tolist()
    np.testing.assert_allclose(found_NS, their_NS, rtol=1e-3)


@SEEDS
def test_herding_follows_its_formula(seed):
    points_NF = distances.unit_length(np.random.default_rng(seed).normal(size=(120, 7)))
    x = points_NF.numpy().astype(np.float64)
    w, picks = x.mean(0), []
    for _ in range(30):
        scores_N = x @ w
        scores_N[picks] = -np.inf
        picks.append(int(scores_N.argmax()))
        w = w + x.mean(0) - x[picks[-1]]
    assert herd(points_NF, np.arange(0), 30, lambda done: None).tolist() == picks


def test_columns_are_worked_out_ahead_and_are_the_same():
    points_NF = torch.from_numpy(blobs(500, features=40)[0])
    ahead, alone = Columns(points_NF), Columns(points_NF)
    for pick in range(100):
        places_N = torch.arange(500.0)
        likely_N = torch.where(places_N >= pick, -places_N, -torch.inf)  # a right guess
        np.testing.assert_allclose(ahead.of(pick, likely_N), alone.of(pick), rtol=1e-4, atol=1e-4)
    assert alone.computed == 100 and ahead.computed < 150
