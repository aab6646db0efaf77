"""What holds for every strategy: number, determinism, honesty about labels, awkward data."""

from __future__ import annotations

import numpy as np
import pytest
from subset_parts import CLASSES, EVERY_TEXT, blobs, chosen

from search_spaces.errors import UsageError
from trainables.subsets import SUBSETS, HiddenLabels, choose, parse_subset

EVERY = pytest.mark.parametrize("text", EVERY_TEXT)


def test_every_strategy_is_in_the_table():
    assert {text.partition(":")[0] for text in EVERY_TEXT} == set(SUBSETS.names())


@EVERY
@pytest.mark.parametrize("budget", [1, 2, 20])
def test_it_chooses_different_images_the_same_each_time(text, budget):
    features_NF, labels_N = blobs()
    one, two = (chosen(text, features_NF, labels_N, budget).indices_B for _ in range(2))
    assert one.tolist() == two.tolist()
    assert len(set(one.tolist())) == budget and 0 <= one.min() <= one.max() < len(labels_N)


@pytest.mark.parametrize("text", [t for t in EVERY_TEXT if "pool" not in t])
def test_a_budget_of_all_is_all(text):
    features_NF, labels_N = blobs(40)
    assert sorted(chosen(text, features_NF, labels_N, 40).indices_B) == list(range(40))


@EVERY
@pytest.mark.parametrize("budget", [0, 41])
def test_a_budget_that_cannot_be_is_refused(text, budget):
    features_NF, labels_N = blobs(40)
    with pytest.raises(UsageError, match=f"1 to 40 images.*Got: {budget}"):
        chosen(text, features_NF, labels_N, budget)


@EVERY
def test_labels_that_it_did_not_pay_for_make_no_difference(text):
    features_NF, labels_N = blobs()
    hidden = HiddenLabels(labels_N)
    before = chosen(text, features_NF, hidden, 24)
    assert hidden.opened == before.labels_seen
    sees = parse_subset(text).strategy.labels
    assert before.labels_seen == (len(labels_N) if sees == "all" else 24)
    paid_for = np.arange(len(labels_N)) if sees == "all" else before.indices_B
    others_N = (labels_N + 1 + np.arange(len(labels_N)) % 2) % CLASSES
    others_N[paid_for] = labels_N[paid_for]
    after = chosen(text, features_NF, others_N, 24)
    assert after.indices_B.tolist() == before.indices_B.tolist()


@pytest.mark.parametrize(
    "text", ["margin:batch=0.3", "entropy:batch=0.3", "tomek", "class_distance", "stratified"]
)
def test_labels_that_it_did_pay_for_do(text):
    features_NF, labels_N = blobs()
    before = chosen(text, features_NF, labels_N, 24).indices_B
    turned_N = np.where(np.arange(len(labels_N)) % 3 == 0, (labels_N + 1) % CLASSES, labels_N)
    assert chosen(text, features_NF, turned_N, 24).indices_B.tolist() != before.tolist()


@EVERY
def test_copies_of_one_image_are_chosen_once_each(text):
    features_NF, labels_N = blobs(60)
    features_NF[:] = features_NF[0]
    picks = chosen(text, features_NF, labels_N, 30).indices_B
    assert len(set(picks.tolist())) == 30


@EVERY
def test_a_class_without_images_and_one_with_a_single_one(text):
    features_NF, _ = blobs(60)
    labels_N = np.zeros(60, np.int64)
    labels_N[7] = 2  # of 0, 1, 2 and 3, two have none
    picks = chosen(text, features_NF, labels_N, 12, classes=4).indices_B
    assert len(set(picks.tolist())) == 12


@EVERY
def test_another_seed_is_another_choice_where_chance_has_a_say(text):
    features_NF, labels_N = blobs(200)
    one, two = (chosen(text, features_NF, labels_N, 20, seed).indices_B for seed in (0, 1))
    fixed = text in {"first", "herding", "class_distance"}
    assert (one.tolist() == two.tolist()) == fixed


def test_a_pool_is_looked_at_in_part():
    features_NF, labels_N = blobs(200)
    picks = chosen("coreset:pool=20", features_NF, labels_N, 20).indices_B
    again = chosen("herding:pool=20", features_NF, labels_N, 20).indices_B
    assert sorted(picks) == sorted(again)  # the same twenty, all of them
    wider = chosen("coreset:pool=5", features_NF, labels_N, 20).indices_B
    assert len(wider) == 20  # a pool is never smaller than the budget


@pytest.mark.parametrize("text", ["margin", "margin:start=15,batch=1"])
def test_active_rounds_beat_chance_at_the_border(text):
    # Two classes that touch at 0: what is bought after the start lies nearer to it than most.
    rng = np.random.default_rng(0)
    features_NF = rng.uniform(-1, 1, size=(400, 1)).astype(np.float32)
    labels_N = (features_NF[:, 0] > 0).astype(np.int64)
    picks = chosen(text, features_NF, labels_N, 20, classes=2).indices_B
    assert np.abs(features_NF[picks[15:], 0]).mean() < 0.15


@EVERY
def test_what_is_known_is_not_chosen_again_and_counts(text):
    features_NF, labels_N = blobs()
    known_A, hidden = np.array([5, 17, 90, 91]), HiddenLabels(labels_N)
    choice = choose(
        parse_subset(text), features_NF, hidden, budget=20, classes=CLASSES, seed=0, known_A=known_A
    )
    assert len(set(choice.indices_B.tolist()) - set(known_A.tolist())) == 20
    everything = parse_subset(text).strategy.labels == "all"
    assert choice.labels_seen == (len(labels_N) if everything else 24)
    with pytest.raises(UsageError, match="1 to 116 images"):
        choose(
            parse_subset(text), features_NF, labels_N, budget=117, classes=CLASSES, seed=0,
            known_A=known_A,
        )  # fmt: skip


def test_two_rounds_by_hand_are_one_choice_in_two_rounds():
    """What a head learns of 15 bought labels decides the next five, whoever bought them."""
    features_NF, labels_N = blobs()
    start = chosen("random", features_NF, labels_N, 15).indices_B
    whole = chosen("margin:start=15,batch=5", features_NF, labels_N, 20).indices_B
    again = choose(
        parse_subset("margin:batch=5"), features_NF, labels_N, budget=5, classes=CLASSES, seed=0,
        known_A=np.sort(start),
    )  # fmt: skip
    assert whole[:15].tolist() == start.tolist()
    assert len(set(whole[15:].tolist()) & set(again.indices_B.tolist())) >= 4  # another order
