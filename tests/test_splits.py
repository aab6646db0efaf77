"""Splits and the orders they are cut from: tables worked out by hand, and counts."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from search_spaces.errors import UsageError
from trainables.data.value import ImageData
from trainables.splits import Splits, SplitSizes, make_splits, resolve_sizes
from trainables.stratified import balanced_order, hold_out, random_ranks


def made_of(counts: list[int], seed: int = 0) -> ImageData:
    """Data of `counts[k]` images of class k, shuffled; a pixel for an image."""
    labels_N = np.repeat(np.arange(len(counts)), counts)
    np.random.default_rng(seed).shuffle(labels_N)
    classes = tuple(f"class {k}" for k in range(len(counts)))
    images_NHWC = np.zeros((len(labels_N), 1, 1, 3), np.uint8)
    return ImageData("made", classes, images_NHWC, labels_N, 0, "0123456789abcdef")


def class_counts(data: ImageData, indices: np.ndarray) -> list[int]:
    return np.bincount(data.labels_N[indices], minlength=len(data.classes)).tolist()


def arrays(splits: Splits) -> list[list[int]]:
    return [list(part) for part in (splits.train, splits.val, splits.robust, splits.pool)]


# labels, classes, (train, val, robust) asked for, default of robust -> (train, val, robust)
SIZES = [
    # CIFAR-10: the defaults on a CPU and on a GPU
    (50_000, 10, (None, None, None), 256, (1000, 1000, 256)),
    (50_000, 10, (None, None, None), 1000, (1000, 1000, 1000)),
    (50_000, 10, (100, None, None), 256, (100, 1000, 256)),
    (50_000, 10, (49_000, None, None), 256, (49_000, 1000, 256)),
    (50_000, 10, (49_900, None, None), 256, (49_900, 100, 100)),  # validation takes what is left
    (50_000, 10, (None, 49_990, None), 256, (10, 49_990, 256)),
    (50_000, 10, (None, 100, None), 256, (1000, 100, 100)),  # robust is a part of val
    (50_000, 10, (40_000, 10_000, 10_000), 256, (40_000, 10_000, 10_000)),
    (2000, 10, (None, None, None), 256, (1000, 1000, 256)),
    # less data: 1438 / 2000 = 0.719 of each
    (1438, 10, (None, None, None), 256, (719, 719, 184)),
    (1438, 10, (None, None, None), 1000, (719, 719, 719)),
    (1999, 10, (None, None, None), 256, (1000, 999, 255)),
    (1438, 10, (100, None, None), 256, (100, 719, 184)),
    (40, 2, (None, None, None), 256, (20, 20, 5)),
    (3, 2, (None, None, None), 256, (2, 1, 1)),
    (2, 2, (None, None, None), 256, (1, 1, 1)),
    (2, 2, (1, 1, 1), 256, (1, 1, 1)),
    (1438, 10, (1428, None, None), 256, (1428, 10, 10)),  # an image a class is left
]


@pytest.mark.parametrize(("count", "classes", "asked", "robust_default", "expected"), SIZES)
def test_sizes_follow_the_table(count, classes, asked, robust_default, expected):
    train, val, robust = asked
    sizes = resolve_sizes(
        count, classes, train=train, val=val, robust=robust, robust_default=robust_default
    )
    assert dataclasses.astuple(sizes) == expected


@pytest.mark.parametrize(
    ("count", "asked", "said"),
    [
        (50_000, (49_991, None, None), "training size can be 49990"),
        (50_000, (None, 50_000, None), "validation size can be 49990"),
        (50_000, (40_000, 10_001, None), "training size can be 39999"),
        (50_000, (1, 50_000, None), "validation size can be 49999"),
        (50_000, (None, 100, 101), "can be 100 at the most"),
        (50_000, (None, None, 1001), "can be 1000 at the most"),
        (50_000, (0, None, None), "training size must be at least 1"),
        (50_000, (None, -1, None), "validation size must be at least 1"),
        (50_000, (None, None, 0), "robustness size must be at least 1"),
        (1, (None, None, None), "at least 2 images"),
    ],
)
def test_sizes_that_do_not_fit_name_the_largest_that_does(count, asked, said):
    train, val, robust = asked
    with pytest.raises(UsageError, match=said):
        resolve_sizes(count, 10, train=train, val=val, robust=robust)


@pytest.mark.parametrize("train", [49_990, 39_999])
def test_the_largest_size_that_was_named_is_valid(train):
    val = None if train == 49_990 else 10_001
    assert resolve_sizes(50_000, 10, train=train, val=val, robust=None).train == train


def test_make_splits_refuses_sizes_of_other_data():
    with pytest.raises(UsageError, match="training size can be 90"):
        make_splits(made_of([50, 50]), SplitSizes(91, 10, 5), seed=0)


def test_splits_are_disjoint_and_complete():
    data = made_of([30, 30, 40])
    splits = make_splits(data, SplitSizes(20, 30, 10), seed=1)
    assert [len(part) for part in arrays(splits)] == [20, 30, 10, 50]
    together = np.concatenate([splits.train, splits.val, splits.pool])
    assert sorted(together) == list(range(100))
    assert list(splits.robust) == list(splits.val[:10])
    assert all(part.dtype == np.int64 for part in (splits.train, splits.val, splits.pool))
    assert splits.labels_used == 50


def test_equal_classes_are_split_equally_in_every_beginning():
    data = made_of([100] * 10)
    splits = make_splits(data, SplitSizes(200, 300, 50), seed=0)
    for part in (splits.train, splits.val, splits.robust):
        for end in range(1, len(part) + 1):
            counts = class_counts(data, part[:end])
            assert max(counts) - min(counts) <= 1
    assert class_counts(data, splits.train) == [20] * 10
    assert class_counts(data, splits.val) == [30] * 10
    assert class_counts(data, splits.pool) == [50] * 10


def test_unequal_classes_keep_their_shares():
    data = made_of([500, 300, 200])
    splits = make_splits(data, SplitSizes(100, 100, 10), seed=0)
    assert class_counts(data, splits.val) == pytest.approx([50, 30, 20], abs=1)
    assert class_counts(data, splits.train) == pytest.approx([50, 30, 20], abs=1)
    assert class_counts(data, splits.robust) == pytest.approx([5, 3, 2], abs=1)


# images of the rare class -> how many of them in (train, val)
@pytest.mark.parametrize(("rare", "expected"), [(1, (1, 0)), (2, (1, 1)), (3, (1, 1))])
@pytest.mark.parametrize("seed", range(5))
def test_a_class_with_few_images_is_trained_on_first_and_then_validated_on(rare, expected, seed):
    data = made_of([500, rare, 500])
    splits = make_splits(data, SplitSizes(20, 20, 5), seed=seed)
    in_train, in_val = (class_counts(data, part)[1] for part in (splits.train, splits.val))
    assert (in_train, in_val) == expected


def test_classes_without_images_do_no_harm():
    data = made_of([10, 0, 10])
    splits = make_splits(data, SplitSizes(10, 10, 4), seed=0)
    assert class_counts(data, splits.train) == class_counts(data, splits.val) == [5, 0, 5]


def test_all_images_can_be_labelled():
    data = made_of([5, 1, 4])
    splits = make_splits(data, SplitSizes(1, 9, 9), seed=0)
    assert [len(part) for part in arrays(splits)] == [1, 9, 9, 0]


def test_the_same_seed_gives_the_same_splits_and_another_another():
    data, sizes = made_of([50] * 4), SplitSizes(40, 40, 20)
    first, again, other = (make_splits(data, sizes, seed=seed) for seed in (0, 0, 1))
    assert (arrays(first), first.digest) == (arrays(again), again.digest)
    assert first.digest != other.digest
    assert set(first.train) != set(other.train)


def test_validation_stays_and_training_nests_when_the_training_size_changes():
    data = made_of([300, 150, 50])
    small, large = (make_splits(data, SplitSizes(train, 100, 20), seed=3) for train in (20, 200))
    assert list(small.val) == list(large.val)
    assert list(small.train) == list(large.train[:20])


def test_the_splits_of_a_seed_never_change():
    # Recorded; a change here would make every study of before unable to go on.
    splits = make_splits(made_of([5, 5]), SplitSizes(4, 2, 2), seed=0)
    assert (arrays(splits)[:2], splits.digest) == ([[9, 6, 1, 7], [3, 2]], "242eaf48a19d5ec5")


def test_the_digest_follows_the_data():
    data, sizes = made_of([50, 50]), SplitSizes(10, 10, 5)
    other = dataclasses.replace(data, digest="f" * 16)
    assert make_splits(data, sizes, seed=0).digest != make_splits(other, sizes, seed=0).digest


@pytest.mark.parametrize("changed", [(11, 10, 5), (10, 11, 5), (10, 10, 6)])
def test_the_digest_follows_the_sizes(changed):
    data = made_of([50, 50])
    digest = make_splits(data, SplitSizes(10, 10, 5), seed=0).digest
    assert make_splits(data, SplitSizes(*changed), seed=0).digest != digest


def test_ranks_number_each_class_from_0_in_random_order():
    labels_N = np.array([1, 0, 1, 1, 0, 3])
    seen = set()
    for seed in range(50):
        ranks_N = random_ranks(labels_N, np.random.default_rng(seed))
        assert sorted(ranks_N[labels_N == 1]) == [0, 1, 2]
        assert sorted(ranks_N[labels_N == 0]) == [0, 1]
        assert ranks_N[5] == 0
        seen.add(tuple(ranks_N[labels_N == 1]))
    assert len(seen) == 6  # every order comes up


def test_the_order_is_adams_method():
    """Class sizes 6, 3, 1; divisors n / seats taken, by hand: the next goes to the largest.

    First one each. Then 6/1 = 6 > 3/1 = 3 > 1: class 0; 6/2 = 3 ties with 3/1: classes 0 and 1;
    6/3 = 2: 0; 6/4 = 1.5 ties with 3/2: 0 and 1; 6/5: 0.
    """
    labels_N = np.repeat([0, 1, 2], [6, 3, 1])
    order = labels_N[balanced_order(labels_N, np.random.default_rng(0))].tolist()
    assert sorted(order[:3]) == [0, 1, 2]
    assert order[3] == 0
    assert sorted(order[4:6]) == [0, 1]
    assert order[6] == 0
    assert sorted(order[7:9]) == [0, 1]
    assert order[9] == 0


def test_keeping_one_puts_one_of_each_class_last():
    labels_N = np.repeat([0, 1, 2], [6, 3, 1])
    order_N = balanced_order(labels_N, np.random.default_rng(0), keep_one=True)
    assert sorted(labels_N[order_N[-3:]]) == [0, 1, 2]
    assert sorted(order_N) == list(range(10))


@pytest.mark.parametrize(
    ("counts", "held_counts"),
    [
        ([10, 5], [2, 1]),
        ([100, 100], [20, 20]),
        ([19, 1], [4, 0]),
        ([1, 1], [0, 0]),
        ([4, 1], [1, 0]),
    ],
)
def test_holding_out_a_fifth(counts, held_counts):
    labels_N = np.repeat(np.arange(len(counts)), counts)
    kept, held = hold_out(labels_N, 0.2, seed=0)
    assert np.bincount(labels_N[held], minlength=len(counts)).tolist() == held_counts
    assert sorted([*kept, *held]) == list(range(len(labels_N)))
    assert list(held) == sorted(held)


def test_importing_splits_costs_numpy_only():
    code = (
        "import sys, trainables.splits; print(sorted({'torch', 'sklearn', 'pandas', 'PIL', "
        "'pydantic', 'scipy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
