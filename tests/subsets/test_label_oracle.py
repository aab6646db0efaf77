"""Labels that were not bought cannot be read, and those that were are counted."""

from __future__ import annotations

import numpy as np
import pytest
from subset_parts import blobs

from trainables.subsets import (
    Choosing,
    HiddenLabelRead,
    HiddenLabels,
    LabelOracle,
    LabelRefused,
    SubsetSpec,
    SubsetStrategy,
    choose,
)

LABELS = np.array([3, 1, 4, 1, 5, 9, 2, 6])


def test_what_is_open_is_read_and_nothing_else():
    hidden = HiddenLabels(LABELS, known_M=np.array([0, 2]))
    assert len(hidden) == 8 and hidden.shape == (8,) and hidden.dtype == LABELS.dtype
    assert hidden[0] == 3 and hidden[[2, 0]].tolist() == [4, 3]
    for places in (1, [0, 1], slice(0, 3), slice(None), np.array([7])):
        with pytest.raises(HiddenLabelRead, match="never bought"):
            hidden[places]
    assert hidden.open(np.array([1])).tolist() == [1] and hidden[0:3].tolist() == [3, 1, 4]
    assert hidden.opened == 3


@pytest.mark.parametrize(
    "read",
    [np.asarray, np.array, list, np.unique, np.bincount, lambda labels: labels[labels[:]]],
)
def test_the_ways_around_are_shut(read):
    with pytest.raises(HiddenLabelRead):
        read(HiddenLabels(LABELS))


def oracle(may_see: str, budget: int = 3) -> LabelOracle:
    """Of the candidates at places 7, 6, 5, 4."""
    hidden = HiddenLabels(LABELS)
    return LabelOracle(hidden, np.array([7, 6, 5, 4]), may_see=may_see, budget=budget)


def test_labels_are_counted_once():
    asked = oracle("bought")
    assert asked.ask(np.array([0, 2])).tolist() == [6, 9] and asked.count == 2
    assert asked.ask(np.array([2, 0])).tolist() == [9, 6] and asked.count == 2
    assert asked.settle(np.array([2, 1, 0])).tolist() == [9, 2, 6] and asked.count == 3


@pytest.mark.parametrize(
    ("may_see", "ask"),
    [
        ("none", lambda labels: labels.ask(np.array([0]))),
        ("none", lambda labels: labels.ask_all()),
        ("bought", lambda labels: labels.ask_all()),
        ("bought", lambda labels: labels.ask(np.arange(4))),
        ("bought", lambda labels: [labels.ask(np.array([place])) for place in range(4)]),
        ("bought", lambda labels: (labels.ask(np.array([0])), labels.settle(np.array([1, 2, 3])))),
    ],
)
def test_more_than_was_declared_is_refused(may_see, ask):
    with pytest.raises(LabelRefused):
        ask(oracle(may_see))


def test_all_labels_are_to_be_had_by_who_declares_it():
    asked = oracle("all")
    assert asked.ask_all().tolist() == [6, 2, 9, 5] and asked.count == 4


def strategy(select, labels: str = "bought") -> SubsetSpec:
    made = SubsetStrategy("made", "of a test", select, features=True, labels=labels)
    return SubsetSpec(made, {})


def peeks(choosing: Choosing) -> np.ndarray:
    choosing.labels.ask(np.arange(choosing.budget + 1))
    return np.arange(choosing.budget)


def discards(choosing: Choosing) -> np.ndarray:
    choosing.labels.ask(np.arange(choosing.budget))
    return np.arange(choosing.budget) + 1


@pytest.mark.parametrize("select", [peeks, discards])
def test_a_strategy_that_cheats_does_not_get_through(select):
    features_NF, labels_N = blobs(40)
    with pytest.raises(LabelRefused):
        choose(strategy(select), features_NF, labels_N, budget=10, classes=3, seed=0)


@pytest.mark.parametrize(
    ("answer", "said"),
    [([0, 1], "2 different images, not 3"), ([0, 1, 1], "2 different"), ([0, 1, 40], "outside")],
)
def test_a_wrong_answer_is_told(answer, said):
    features_NF, labels_N = blobs(40)
    wrong = strategy(lambda choosing: np.array(answer), labels="none")
    with pytest.raises(RuntimeError, match=said):
        choose(wrong, features_NF, labels_N, budget=3, classes=3, seed=0)


def test_who_declares_no_features_sees_none():
    features_NF, labels_N = blobs(40)
    widths = []

    def looks(choosing: Choosing) -> np.ndarray:
        widths.append(choosing.features_NF.shape)
        return np.arange(choosing.budget)

    made = SubsetStrategy("made", "of a test", looks, features=False, labels="none")
    choose(SubsetSpec(made, {}), features_NF, labels_N, budget=3, classes=3, seed=0)
    assert widths == [(40, 0)]
