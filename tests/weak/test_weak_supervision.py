"""Weak supervision: tables worked out by hand, scikit-learn's answers, what must never be done."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.semi_supervised import LabelSpreading

from search_spaces.errors import UsageError
from trainables.weak import WEAK, Labelling, PseudoLabels, label_spreading, learn, parse_weak
from trainables.weak.cluster_then_label import classes_of
from trainables.weak.learning import WeakHead
from trainables.weak.pseudo_label import sure

METHODS = [name for name in WEAK if name != "none" and WEAK.get(name).label is not None]
EVERY = pytest.mark.parametrize("text", METHODS)


def clouds(count: int = 300, spread: float = 0.6) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds: features float32 [count, 8], labels int64 [count]."""
    rng = np.random.default_rng(0)
    labels_N = np.arange(count) % 3
    features_NF = 2 * np.eye(3, 8)[labels_N] + spread * rng.normal(size=(count, 8))
    return features_NF.astype(np.float32), labels_N


def learnt(text: str, labels: int = 9, spread: float = 0.6, seed: int = 0) -> WeakHead:
    features_NF, labels_N = clouds(spread=spread)
    rows = np.arange(labels)
    return learn(parse_weak(text), features_NF, rows, labels_N[rows], classes=3, seed=seed)


def test_the_methods_are_those_of_the_registry():
    assert set(METHODS) == {"pseudo_label", "label_spreading", "cluster_then_label"}
    for name in WEAK:
        assert WEAK.get(name).name == name and WEAK.get(name).sentence


@EVERY
def test_it_labels_others_mostly_rightly_and_is_told_afterwards(text):
    found = learnt(text)
    _, labels_N = clouds()
    assert not set(found.pseudo.rows_P) & set(range(9))
    assert len(set(found.pseudo.rows_P)) == len(found.pseudo.rows_P) > 60
    judged = found.judged(labels_N)
    assert judged.used == len(found.pseudo.rows_P) and judged.share > 0.9
    wrong_N = labels_N.copy()
    wrong_N[found.pseudo.rows_P[:7]] = 9
    right = labels_N[found.pseudo.rows_P[:7]] == found.pseudo.labels_P[:7]
    assert found.judged(wrong_N).right == judged.right - right.sum()


@EVERY
def test_the_same_twice(text):
    one, two = learnt(text), learnt(text)
    assert np.array_equal(one.head.weight_KF, two.head.weight_KF)
    assert one.pseudo.rows_P.tolist() == two.pseudo.rows_P.tolist()


@EVERY
def test_it_helps_where_clouds_are_far_apart_and_labels_few(text):
    features_NF, labels_N = clouds()
    before, after = (
        (learnt(name, labels=3).head.logits(features_NF).argmax(1) == labels_N).mean()
        for name in ("none", text)
    )
    assert after > max(before, 0.95)


def test_none_uses_none():
    found = learnt("none")
    judged = found.judged(clouds()[1])
    assert judged.used == judged.right == 0 and np.isnan(judged.share)


@pytest.mark.parametrize("text", ["none", *METHODS])
def test_a_class_without_labels_and_copies_of_one_image(text):
    features_NF, labels_N = clouds(60)
    features_NF[30:] = features_NF[0]
    known = np.flatnonzero(labels_N[:12] != 1)
    found = learn(parse_weak(text), features_NF, known, labels_N[known], classes=3, seed=0)
    assert np.isfinite(found.head.weight_KF).all() and 1 not in found.pseudo.labels_P


@pytest.mark.parametrize("text", ["none", *METHODS])
def test_all_labelled_is_nothing_left_to_do(text):
    features_NF, labels_N = clouds(12)
    found = learn(parse_weak(text), features_NF, np.arange(12), labels_N, classes=3, seed=0)
    assert len(found.pseudo.rows_P) == 0


@pytest.mark.parametrize("text", ["fixmatch", "teacher"])
def test_a_method_for_nets_labels_no_features(text):
    features_NF, labels_N = clouds(12)
    with pytest.raises(UsageError, match="labels no features"):
        learn(parse_weak(text), features_NF, np.arange(3), labels_N[:3], classes=3, seed=0)


def test_no_label_is_refused():
    features_NF, labels_N = clouds(12)
    nobody = np.arange(0)
    with pytest.raises(UsageError, match="needs labels"):
        learn(parse_weak("none"), features_NF, nobody, labels_N[nobody], classes=3, seed=0)


def task(options: dict[str, float], labels: int = 9, spread: float = 0.6) -> Labelling:
    features_NF, labels_N = clouds(spread=spread)
    rows = np.arange(labels)
    return Labelling(features_NF, rows, labels_N[rows], 3, 0, options)


@pytest.mark.parametrize("threshold", [0.5, 0.9, 0.999])
def test_a_pseudo_label_is_as_sure_as_the_threshold(threshold):
    from trainables.subsets.head import fit_head

    asked = task({"threshold": threshold, "rounds": 1}, spread=1.5)
    none = PseudoLabels(np.arange(0), np.arange(0))
    found = sure(asked, none, asked.unlabelled_M)
    head = fit_head(asked.features_NF, asked.labelled_B, asked.labels_B, classes=3, seed=asked.seed)
    logits_NK = head.logits(asked.features_NF).astype(np.float64)
    by_hand_NK = np.exp(logits_NK) / np.exp(logits_NK).sum(1, keepdims=True)
    expected = [row for row in asked.unlabelled_M if by_hand_NK[row].max() >= threshold]
    assert found.rows_P.tolist() == expected
    assert found.labels_P.tolist() == by_hand_NK[expected].argmax(1).tolist()


# Labels in clusters 0: a a b; 1: b; 2: a b; 3: none
@pytest.mark.parametrize(
    ("purity", "classes"),
    [(0.0, [0, 1, 0, -1]), (0.5, [0, 1, -1, -1]), (0.7, [-1, 1, -1, -1]), (1.0, [-1] * 4)],
)
def test_a_cluster_takes_the_label_that_exceeds_the_purity(purity, classes):
    cluster_B, labels_B = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 1, 0, 1])
    found = classes_of(cluster_B, labels_B, clusters=4, classes=2, purity=purity)
    assert found.tolist() == classes


def test_spreading_on_scikit_learns_own_graph_is_scikit_learns(monkeypatch):
    from sklearn.neighbors import kneighbors_graph

    asked = task({"neighbours": 8, "alpha": 0.7, "share": 1.0}, spread=1.5)
    theirs = LabelSpreading(kernel="knn", n_neighbors=8, alpha=0.7, max_iter=100, tol=1e-6)
    given_N = np.full(300, -1)
    given_N[:9] = asked.labels_B
    theirs.fit(asked.features_NF, given_N)

    def their_graph(features_NF: np.ndarray, count: int) -> object:
        return kneighbors_graph(features_NF, count, include_self=True)

    monkeypatch.setattr(label_spreading, "neighbour_graph", their_graph)
    np.testing.assert_allclose(label_spreading.spread(asked), theirs.label_distributions_)


def test_spreading_follows_its_formula():
    """F = (1 - a) (1 - a S)^-1 Y (Zhou et al. 2004), S the normalised graph, rows scaled to 1."""
    asked = task({"neighbours": 6, "alpha": 0.6, "share": 1.0})
    weight_NN = label_spreading.neighbour_graph(asked.features_NF, 6).toarray()
    assert (weight_NN == weight_NN.T).all() and not weight_NN.diagonal().any()
    assert (weight_NN.sum(1) >= 6).all()
    root_N = np.sqrt(weight_NN.sum(1))
    smooth_NN = weight_NN / root_N / root_N[:, None]
    known_NK = np.zeros((300, 3))
    known_NK[asked.labelled_B, asked.labels_B] = 1
    exact_NK = np.linalg.solve(np.eye(300) - 0.6 * smooth_NN, known_NK)
    exact_NK /= exact_NK.sum(1, keepdims=True)
    np.testing.assert_allclose(label_spreading.spread(asked), exact_NK, atol=1e-4)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_surest_share_is_labelled(share):
    asked = task({"neighbours": 6, "alpha": 0.6, "share": share}, spread=1.2)
    found = label_spreading.label(asked)
    assert len(found.rows_P) == round(share * 291)
    sure_N = label_spreading.spread(asked).max(1)
    others = np.setdiff1d(asked.unlabelled_M, found.rows_P)
    if 0 < share < 1:
        assert sure_N[found.rows_P].min() >= sure_N[others].max()


def test_an_island_that_no_label_reaches_stays_without():
    features_NF = np.concatenate([np.eye(2, 4).repeat(20, 0), -np.eye(1, 4, 3).repeat(20, 0)])
    features_NF = (features_NF + 0.01 * np.random.default_rng(0).normal(size=(60, 4))).astype("f4")
    known = np.array([0, 20])
    asked = Labelling(
        features_NF, known, np.array([0, 1]), 2, 0, {"neighbours": 5, "alpha": 0.9, "share": 1.0}
    )
    found = label_spreading.label(asked)
    assert set(found.rows_P) == set(range(40)) - {0, 20}
    assert found.labels_P.tolist() == [0] * 19 + [1] * 19


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("mixmatch", "no weak supervision 'mixmatch'.*Did you mean 'fixmatch'"),
        ("pseudo_label:threshold=2", "number from 0 to 1.*nearest valid value is 1"),
        ("label_spreading:kernel=rbf", "option of the weak supervision label_spreading 'kernel'"),
        ("cluster_then_label:clusters=-1", "number from 0 up"),
        ("pseudo_label:rounds=2.5", "rounds must be a whole number from 1 up.*nearest .* is 2"),
    ],
)
def test_what_is_wrong_is_told(text, said):
    with pytest.raises(UsageError, match=f"(?s){said}"):
        parse_weak(text)


def test_options_are_written_as_they_are_typed():
    assert str(parse_weak("pseudo_label:threshold=0.8,rounds=3")) == "pseudo_label:threshold=0.8"
