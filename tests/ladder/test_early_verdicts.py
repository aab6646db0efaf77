"""Early verdicts: bets worked out by hand, error rates at every look, and what cannot change."""

from __future__ import annotations

import math

import numpy as np
import pytest

from trainables.attacks.ladder.bounds import accuracy_between
from trainables.attacks.ladder.verdict import AboveGate, BetterThan
from trainables.attacks.ladder.wealth import BOLDNESS_G, Wealth


def test_the_bets_of_a_table_worked_out_by_hand() -> None:
    """Four values of at least -1, and the hypothesis that they come to -2 at most.

    Draw 0: expected -1/2, half a unit above the least: a gain of (0 + 1/2) / (1/2) = 1 a stake.
    Draw 0: expected -2/3: (2/3) / (1/3) = 2. Then two are left that come to -2: each must be -1.
    Draw 0 once more, and the hypothesis is impossible.
    """
    wealth = Wealth(4, np.array([-2.0]), low=-1)
    wealth.draw(0)
    assert wealth.peak_T[0] == pytest.approx(np.mean(1 + BOLDNESS_G))
    wealth.draw(0)
    assert wealth.peak_T[0] == pytest.approx(np.mean((1 + BOLDNESS_G) * (1 + 2 * BOLDNESS_G)))
    wealth.draw(0)
    assert wealth.peak_T[0] == math.inf


def test_a_loss_takes_the_stake() -> None:
    wealth = Wealth(4, np.array([-2.0]), low=-1)
    wealth.draw(-1)  # (-1 + 1/2) / (1/2) = -1
    wealth.draw(0)  # -1 is left for three: expected -1/3, (1/3) / (2/3) = 1/2
    expected = np.mean((1 - BOLDNESS_G) * (1 + BOLDNESS_G / 2))
    assert wealth._wealth_TG.mean() == pytest.approx(expected)
    assert wealth.peak_T[0] == 1.0  # it never was more than at the beginning


def test_wealth_refuses_what_cannot_be() -> None:
    wealth = Wealth(1, np.array([0.0]), low=-1)
    with pytest.raises(ValueError, match="none below -1"):
        wealth.draw(-2)
    wealth.draw(0)
    with pytest.raises(ValueError, match="0 values are left"):
        wealth.draw(0)


def _decision(first_N: np.ndarray, second_N: np.ndarray, margin: float) -> str:
    """What the full attack says, in plain arithmetic."""
    lead = first_N.mean() - second_N.mean()
    if abs(lead) <= margin + 1e-12:
        return "alike"
    return "better" if lead > 0 else "worse"


@pytest.mark.parametrize(
    ("first", "second", "margin", "word"),
    [
        # Images right before: nothing that is right for nobody can change anything.
        ("0000", "0000", 0.0, "alike"),
        ("0000", "1000", 0.25, "alike"),  # 1 of 4 at most, within the margin
        ("1111", "0000", 0.0, "open"),  # all four may fall
        ("0000", "1111", 0.0, "open"),
        ("1100", "0011", 0.5, "alike"),  # between -2 and 2 of 4
        ("1100", "0011", 0.25, "open"),
    ],
)
def test_what_is_certain_before_anything_is_attacked(
    first: str, second: str, margin: float, word: str
) -> None:
    before = (np.array([c == "1" for c in text]) for text in (first, second))
    assert BetterThan(*before, margin=margin).verdict.word == word


def test_what_is_certain_once_the_rest_cannot_change_it() -> None:
    """The first is right on 4 of 4, the second on 2; without a margin, on the last it is certain.

    Images 0 and 1: both stay right, so the lead is 2 and only images 2 and 3 may fall. Image 2
    stays: at least 1 of lead is left.
    """
    first, second = np.array([True] * 4), np.array([True, True, False, False])
    pair = BetterThan(first, second, margin=0.0, alpha=1e-6)
    yes = np.array([True])
    assert not pair.hear(np.array([0]), yes, yes).settled
    assert not pair.hear(np.array([1]), yes, yes).settled
    told = pair.hear(np.array([2]), yes, ~yes)
    assert (told.word, told.certain, told.drawn, told.count) == ("better", True, 3, 4)


def test_an_image_counts_once_and_never_gets_right_again() -> None:
    pair = BetterThan(np.array([True, False]), np.array([False, False]))
    with pytest.raises(ValueError, match="was wrong before"):
        pair.hear(np.array([1]), np.array([True]), np.array([False]))
    pair.hear(np.array([0]), np.array([True]), np.array([False]))
    with pytest.raises(ValueError, match="has been heard of"):
        pair.hear(np.array([0]), np.array([True]), np.array([False]))
    gate = AboveGate(np.array([True, False]), 0.5)
    gate.hear(np.array([0, 1]), np.array([False, False]))
    with pytest.raises(ValueError, match="heard of"):
        gate.hear(np.array([0]), np.array([True]))


def _population(
    rng: np.random.Generator, count: int, right: tuple[float, float], lost: tuple[float, float]
) -> tuple[np.ndarray, ...]:
    """Right before and under the attack, of two nets that fail on like images."""
    ease_N = rng.random(count)
    before = [(ease_N + rng.normal(0, 0.1, count)) < share for share in right]
    after = [b & (rng.random(count) >= share) for b, share in zip(before, lost, strict=True)]
    return (*before, *after)


@pytest.mark.parametrize(
    ("right", "lost", "margin"),
    [
        ((0.6, 0.6), (0.10, 0.10), 0.0),  # nearly a tie: chance decides the sign
        ((0.6, 0.5), (0.30, 0.15), 0.02),  # the one that led falls back
        ((0.6, 0.6), (0.10, 0.13), 0.02),  # about as far apart as the margin
        ((0.3, 0.9), (0.02, 0.60), 0.05),
    ],
)
def test_the_verdict_is_the_full_attacks_with_the_promised_probability(
    right: tuple[float, float], lost: tuple[float, float], margin: float
) -> None:
    """One look after each image; a verdict that ever was wrong counts, whatever came after."""
    alpha, runs, count, wrong = 0.2, 150, 60, 0
    rng = np.random.default_rng(5)
    for _ in range(runs):
        first_N, second_N, one_N, other_N = _population(rng, count, right, lost)
        true = _decision(one_N, other_N, margin)
        pair = BetterThan(first_N, second_N, margin=margin, alpha=alpha)
        said = {"open", true}
        for row in rng.permutation(count):
            said.add(pair.hear(np.array([row]), one_N[[row]], other_N[[row]]).word)
        wrong += said != {"open", true} and said != {true}
        assert pair.verdict.word == true
        assert pair.verdict.certain
    # Three standard errors above the level.
    assert wrong / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)
    assert wrong / runs <= alpha  # and in fact it is far below: the bound holds for the worst case


def test_peeking_without_such_bounds_is_wrong_far_more_often() -> None:
    """The check itself can fail: a verdict by the first 95 % interval that misses 0 is no use."""
    rng, wrong, runs, count = np.random.default_rng(5), 0, 200, 400
    for _ in range(runs):
        values_N = rng.permutation(np.repeat([1.0, -1.0], count // 2))
        n = np.arange(5, count // 2)
        means = np.cumsum(values_N)[n - 1] / n
        wrong += bool((np.abs(means) > 1.96 / np.sqrt(n)).any())
    assert wrong / runs > 0.2


@pytest.mark.parametrize("gate", [0.3, 0.45, 0.6])
def test_above_the_gate_with_the_promised_probability(gate: float) -> None:
    alpha, runs, count, wrong, drawn = 0.2, 150, 60, 0, []
    rng = np.random.default_rng(11)
    for _ in range(runs):
        before_N = rng.random(count) < 0.6
        after_N = before_N & (rng.random(count) >= 0.2)
        true = "above" if after_N.sum() >= math.ceil(gate * count - 1e-9) else "below"
        state, said = AboveGate(before_N, gate, alpha=alpha), set()
        for row in rng.permutation(count):
            told = state.hear(np.array([row]), after_N[[row]])
            if told.settled and said <= {"open"}:
                drawn.append(told.drawn)
            said.add(told.word)
        wrong += bool(said - {"open", true})
        assert (state.verdict.word, state.verdict.certain) == (true, True)
    assert wrong / runs <= alpha
    assert np.mean(drawn) < 0.75 * 0.6 * count  # it stops before the end


@pytest.mark.parametrize(
    ("before", "after", "gate", "word"),
    [
        ("1100", "1100", 0.75, "below"),  # was below before
        ("1111", "1111", 0.0001, "open"),  # one of four must stay
        ("1111", "1000", 0.25, "above"),
        ("1111", "0000", 0.25, "below"),
    ],
)
def test_gates_by_hand(before: str, after: str, gate: float, word: str) -> None:
    before_N, after_N = (np.array([c == "1" for c in text]) for text in (before, after))
    state = AboveGate(before_N, gate, alpha=1e-6)
    if word == "open":
        assert state.verdict.word == "open"
        return
    state.hear(np.arange(4), after_N)
    assert (state.verdict.word, state.verdict.certain) == (word, True)


def test_bounds_of_an_accuracy_hold_at_every_look() -> None:
    alpha, runs, count, missed = 0.2, 60, 50, 0
    rng = np.random.default_rng(3)
    for _ in range(runs):
        before_N = rng.random(count) < 0.7
        after_N = before_N & (rng.random(count) >= 0.3)
        order = [row for row in rng.permutation(count) if before_N[row]]
        widths, inside = [], True
        for n in range(0, len(order) + 1, 4):
            low, high = accuracy_between(before_N, after_N[order[:n]], alpha=alpha)
            inside &= low - 1e-12 <= after_N.mean() <= high + 1e-12
            widths.append(high - low)
        missed += not inside
        assert widths[0] == pytest.approx(before_N.mean())  # nothing is known but what stood
        whole = accuracy_between(before_N, after_N[order], alpha=alpha)
        assert whole == pytest.approx((after_N.mean(), after_N.mean()))
        assert widths[len(widths) // 2] < 0.6 * widths[0]
    assert missed / runs <= alpha


def test_a_clear_lead_takes_a_tenth_of_the_images_and_a_tie_some_half() -> None:
    """1,000 images; the dear attack breaks one in fifty of what the cheap one left."""
    rng = np.random.default_rng(0)
    drawn = {}
    for name, right in {"clear": (0.5, 0.35), "tie": (0.45, 0.45)}.items():
        first_N, second_N, one_N, other_N = _population(rng, 1000, right, (0.02, 0.02))
        pair = BetterThan(first_N, second_N)
        for row in rng.permutation(1000):
            if pair.hear(np.array([row]), one_N[[row]], other_N[[row]]).settled:
                break
        assert pair.verdict.word == _decision(one_N, other_N, 0.02)
        drawn[name] = pair.verdict.drawn / pair.verdict.count
    assert drawn["clear"] < 0.1
    assert drawn["tie"] < 0.6
