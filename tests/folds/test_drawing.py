"""Folds: counts against scikit-learn's, what every fold must hold, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold

from search_spaces.errors import UsageError
from trainables.folds import KFold, as_typed, check_folds, draw_folds, parse_validation

NAMES = tuple(f"class {k}" for k in range(12))


def labels_of(counts: list[int], seed: int = 0) -> np.ndarray:
    """`counts[k]` labels of class k, shuffled; the first ones are 0, 1, 2, ...

    scikit-learn deals out classes in the order of their first appearance, and so the counts of
    its folds are ours only if that is 0, 1, 2, ...
    """
    rest_N = np.repeat(np.arange(len(counts)), np.array(counts) - 1)
    np.random.default_rng(seed).shuffle(rest_N)
    return np.concatenate([np.arange(len(counts)), rest_N])


@pytest.mark.parametrize(
    ("counts", "kfold"),
    [
        ([10] * 10, KFold(5, 4)),
        ([7, 12, 5], KFold(5, 2)),
        ([3, 3, 3, 4], KFold(3, 1)),
        ([2, 9], KFold(2, 3)),
        ([101, 37, 64], KFold(10, 1)),
    ],
)
def test_counts_of_every_fold_are_those_of_scikit_learn(counts, kfold):
    labels_N = labels_of(counts)
    oracle = RepeatedStratifiedKFold(n_splits=kfold.folds, n_repeats=kfold.repeats, random_state=0)
    expected = [
        np.bincount(labels_N[val_M], minlength=len(counts)).tolist()
        for _, val_M in oracle.split(np.zeros(len(labels_N)), labels_N)
    ]
    folds = draw_folds(labels_N, kfold, seed=3)
    found = [np.bincount(labels_N[fold.val_M], minlength=len(counts)).tolist() for fold in folds]
    assert found == expected
    assert [fold.repeat for fold in folds] == np.repeat(range(kfold.repeats), kfold.folds).tolist()


def test_every_image_is_held_out_once_in_each_repeat_and_trained_on_otherwise():
    labels_N = labels_of([7, 12, 5])
    folds = draw_folds(labels_N, KFold(5, 3), seed=0)
    for repeat in range(3):
        held_out = np.concatenate([fold.val_M for fold in folds if fold.repeat == repeat])
        assert sorted(held_out) == list(range(24))
    for fold in folds:
        assert sorted([*fold.train_N, *fold.val_M]) == list(range(24))


def test_folds_hang_on_the_seed_and_differ_between_repeats():
    labels_N = labels_of([20, 20])

    def held_out(seed: int) -> list[list[int]]:
        return [fold.val_M.tolist() for fold in draw_folds(labels_N, KFold(4, 2), seed)]

    assert held_out(0) == held_out(0) != held_out(1)
    assert held_out(0)[:4] != held_out(0)[4:]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("split", None),
        ("kfold:5x4", KFold(5, 4)),
        ("kfold:10", KFold(10, 1)),
        ("kfold:2x1", KFold(2, 1)),
    ],
)
def test_what_can_be_typed(text, meant):
    assert parse_validation(text) == meant
    assert parse_validation(as_typed(text)) == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("kfold", "kfold:FOLDSxREPEATS. Got: 'kfold'. kfold:5x4 is 5 folds, drawn anew 4 times."),
        ("kfold:5*4", "kfold:FOLDSxREPEATS"),
        ("kfold:-5x4", "kfold:FOLDSxREPEATS"),
        ("loo", "by split, or by kfold"),
        ("kfold:1x4", "2 folds and 1 repeat at least. Got: 'kfold:1x4'. The nearest is kfold:2x4."),
        ("kfold:5x0", "The nearest is kfold:5x1."),
    ],
)
def test_what_cannot(text, says):
    with pytest.raises(UsageError) as caught:
        parse_validation(text)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ([10, 3, 5], "class 'class 1' has 3 of the 18 labels. Got: 'kfold:5x4'. The most folds "
         "that go are --validation kfold:3x4."),
        ([10, 1], "Label more images of it, or validate on images of their own"),
        ([5, 5], None),
        ([5, 0, 5], None),  # a class without any label has none in any fold
    ],
)  # fmt: skip
def test_a_class_with_fewer_labels_than_folds_is_told(counts, says):
    labels_N = np.repeat(np.arange(len(counts)), counts)
    if says is None:
        check_folds(labels_N, KFold(5, 4), NAMES[: len(counts)])
        return
    with pytest.raises(UsageError) as caught:
        check_folds(labels_N, KFold(5, 4), NAMES[: len(counts)])
    assert says in str(caught.value)
