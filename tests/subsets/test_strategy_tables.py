"""Each strategy on a table that can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from subset_parts import chosen, column

from trainables.subsets import entropy, least_confidence, margin, margin_class
from trainables.subsets.active import margins
from trainables.subsets.class_distance import class_scores
from trainables.subsets.coreset import farthest_first
from trainables.subsets.distances import neighbours, unit_length
from trainables.subsets.herding import herd
from trainables.subsets.tomek import disagreeing
from trainables.subsets.tomek_links import in_links
from trainables.subsets.typiclust import most_typical, visiting_order

NOBODY = np.arange(0)

#       margin  largest  entropy
# 0     0.20    0.50     1.030
# 1     0.01    0.40     1.061
# 2     0.19    0.46     1.064
# 3     0.84    0.90     0.393
# 4     0.005   0.48     0.845
PROBABILITIES = np.array(
    [
        [0.50, 0.30, 0.20],
        [0.40, 0.39, 0.21],
        [0.27, 0.46, 0.27],
        [0.06, 0.04, 0.90],
        [0.48, 0.045, 0.475],
    ]
)


@pytest.mark.parametrize(
    ("strategy", "order"),
    [
        (margin, [4, 1, 2, 0, 3]),
        (least_confidence, [1, 2, 4, 0, 3]),
        (entropy, [2, 1, 0, 4, 3]),
    ],
    ids=["margin", "least_confidence", "entropy"],
)
def test_the_unsure_come_first(strategy, order):
    assert strategy.rank(PROBABILITIES, 1).tolist() == order


def test_margins_of_one_class_are_sure():
    assert margins(np.ones((3, 1))).tolist() == [1, 1, 1]


# Images of the pairs 0-1 (mean margin 0.2), 1-2 (mean 0.175) and, one alone, 0-2 (0.01).
BY_PAIRS = np.array(
    [
        [0.60, 0.30, 0.10],  # 0-1, 0.30
        [0.40, 0.50, 0.10],  # 0-1, 0.10
        [0.10, 0.525, 0.375],  # 1-2, 0.15
        [0.10, 0.35, 0.55],  # 1-2, 0.20
        [0.40, 0.21, 0.39],  # 0-2, 0.01
    ]
)


@pytest.mark.parametrize(("wanted", "order"), [(1, [4, 2, 3, 1, 0]), (2, [2, 3, 1, 0, 4])])
def test_the_pair_with_the_smallest_mean_margin_comes_first(wanted, order):
    assert margin_class.rank(BY_PAIRS, wanted).tolist() == order


@pytest.mark.parametrize(
    ("points", "first", "order"),
    [
        ((0, 1, 4, 10), 0, [0, 3, 2, 1]),  # 10 away, then 4, then 1
        ((0, 1, 4, 10), 2, [2, 3, 0, 1]),  # 6 away, then 4, then 1
        ((5, 5, 5, 9), 0, [0, 3, 1, 2]),  # copies come last, each once
        ((100_000, 100_001, 100_004, 100_010), 0, [0, 3, 2, 1]),  # far from the origin
    ],
)
def test_k_centres_on_a_line(points, first, order):
    picks = farthest_first(column(*points), np.array([first]), 4, lambda done: None)
    assert picks.tolist() == order


def test_herding_makes_up_for_what_it_took():
    # At 0, 60 and 90 degrees; mean (0.5, 0.622). 60 is nearest to it; then w = 2 mean - x_60 =
    # (0.5, 0.378) leans to 0 degrees, although 90 is nearer to the mean.
    angles = np.radians([0, 60, 90])
    points_NF = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert herd(torch.from_numpy(points_NF), NOBODY, 3, lambda done: None).tolist() == [1, 0, 2]


def test_unit_length_leaves_a_point_of_no_length():
    assert unit_length(np.array([[3, 4], [0, 0]])).tolist() == [
        pytest.approx([0.6, 0.8]),
        [0, 0],
    ]


def test_the_typical_one_is_where_its_neighbours_are_close():
    # Half of the seven are 3 neighbours: those of 2.0 lie at 0.1, 0.2 and 1.0; of 1.9 at 0.1,
    # 0.3 and 0.9, which is as much (1.3); of 2.2 at 0.2, 0.3 and 1.2.
    points_M1 = torch.tensor(column(0, 1, 1.95, 2.0, 2.2, 5, 9))
    # Sums: 0: 1+1.95+2; 1: 0.95+1+1; 1.95: 0.05+0.25+0.95 = 1.25; 2.0: 0.05+0.2+1 = 1.25 ...
    sums = [float(values.sum()) for values in neighbours(points_M1, 3)[0]]
    assert most_typical(points_M1, 20) == int(np.argmin(sums))
    assert most_typical(points_M1[:1], 20) == 0


def test_clusters_are_visited_by_size_and_small_ones_passed_over():
    assert visiting_order(np.repeat([0, 1, 2, 3], [6, 9, 5, 7]), NOBODY).tolist() == [1, 3, 0]
    assert visiting_order(np.repeat([0, 2], [2, 5]), NOBODY).tolist() == [2, 0]  # none is large


def test_typiclust_takes_the_typical_one_of_each_blob():
    rng = np.random.default_rng(0)
    sizes, angles = (30, 20, 12), np.radians([0, 45, 90])
    near = [
        np.stack([np.cos(angle + w), np.sin(angle + w)], axis=1)
        for size, angle in zip(sizes, angles, strict=True)
        for w in [0.05 * rng.normal(size=size)]
    ]
    features_NF = np.concatenate(near).astype(np.float32)
    blob_N = np.repeat([0, 1, 2], sizes)
    picks = chosen("typiclust:neighbours=5", features_NF, blob_N, 3).indices_B
    assert blob_N[picks].tolist() == [0, 1, 2]  # the largest blob first
    for pick in picks:
        own = features_NF[blob_N == blob_N[pick]]
        distance_MM = np.sort(np.linalg.norm(own[:, None] - own[None], axis=2), axis=1)
        best = own[distance_MM[:, 1:6].mean(axis=1).argmin()]
        assert features_NF[pick] == pytest.approx(best)
    again = chosen("typiclust:neighbours=5,clusters=3", features_NF, blob_N, 4).indices_B
    assert again[:3].tolist() == picks.tolist() and blob_N[again[3]] == 0


LINE = column(0, 0.9, 2.0, 2.5, 4.0, 4.9)


@pytest.mark.parametrize(
    ("labels", "linked"),
    [
        ([0, 0, 0, 1, 1, 1], [2, 3]),  # 2.0 and 2.5 are each other's nearest
        ([0, 0, 1, 1, 1, 1], []),  # 0.9's nearest is 0, not 2.0
        ([0, 1, 0, 1, 0, 1], [0, 1, 2, 3, 4, 5]),
    ],
)
def test_tomek_links_on_a_line(labels, linked):
    assert np.flatnonzero(in_links(LINE, np.array(labels))).tolist() == linked


@pytest.mark.parametrize(
    ("remove", "left_out"),
    [("all", {2, 3}), ("majority", {2}), ("not_minority", {2})],
)
def test_the_ends_that_go_are_said_outright(remove, left_out):
    features_NF = np.concatenate([LINE, column(-3, -4.2)])
    labels_N = np.array([0, 0, 0, 1, 1, 1, 0, 0])
    kept = set(range(8)) - left_out
    for seed in range(5):
        picks = chosen(f"tomek_links:remove={remove}", features_NF, labels_N, len(kept), seed)
        assert set(picks.indices_B.tolist()) == kept
    everything = chosen(f"tomek_links:remove={remove}", features_NF, labels_N, 8)
    assert set(everything.indices_B[len(kept) :].tolist()) == left_out  # they come last


@pytest.mark.parametrize(("remove", "gone"), [("majority", 2), ("not_minority", 0)])
def test_classes_of_equal_size_are_treated_alike(remove, gone):
    picks = chosen(f"tomek_links:remove={remove}", LINE, np.array([0, 0, 0, 1, 1, 1]), 6)
    last = set(picks.indices_B[6 - gone :].tolist()) if gone else set()
    assert last == ({2, 3} if gone else set())


def test_an_image_among_strangers_is_chosen_first():
    features_NF = column(0, 1, 1.5, 2.1, 10, 11, 12.2, 13)
    labels_N = np.array([0, 0, 1, 0, 1, 1, 1, 1])
    assert disagreeing(features_NF, labels_N, 3).tolist() == [1, 1, 3, 1, 0, 0, 0, 0]
    picks = [chosen("tomek", features_NF, labels_N, 4, seed).indices_B for seed in range(3)]
    assert all(found[0] == 2 and set(found[1:]) == {0, 1, 3} for found in picks)


def test_far_within_and_near_between():
    # Means 2 and 9. Scores: -7, -7, 3 - 4 = -1, 1 - 6 = -5, -7, -7.
    features_NF, labels_N = column(0, 1, 5, 8, 9, 10), np.array([0, 0, 0, 1, 1, 1])
    scores = class_scores(features_NF, labels_N)
    assert scores == pytest.approx([2 - 9, 1 - 8, -1, -5, -7, 1 - 8], abs=1e-5)
    assert chosen("class_distance", features_NF, labels_N, 2).indices_B.tolist() == [2, 3]
    assert class_scores(features_NF, np.zeros(6, int)).tolist() == [0] * 6


def test_first_is_first():
    picks = chosen("first", column(*range(9)), np.zeros(9, int), 4).indices_B
    assert picks.tolist() == [0, 1, 2, 3]


def test_random_choices_lie_in_one_another_and_look_at_no_label():
    features_NF, labels_N = column(*range(50)), np.arange(50) % 3
    small, large = (chosen("random", features_NF, labels_N, budget) for budget in (7, 30))
    assert large.indices_B[:7].tolist() == small.indices_B.tolist()
    other = chosen("random", features_NF, labels_N, 7, seed=1)
    assert other.indices_B.tolist() != small.indices_B.tolist()


def test_a_stratified_choice_has_each_class_and_the_price_of_knowing_them():
    labels_N = np.array([0] * 90 + [1] * 9 + [2])
    choice = chosen("stratified", np.empty((100, 0), np.float32), labels_N, 10)
    assert np.bincount(labels_N[choice.indices_B]).tolist() == [8, 1, 1]
    assert choice.labels_seen == 100
