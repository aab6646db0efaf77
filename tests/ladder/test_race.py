"""The race between nets: who goes on, held against plain sorting."""

from __future__ import annotations

import numpy as np
import pytest

from trainables.attacks.ladder.race import Race


def _run(
    before_MN: np.ndarray, after_MN: np.ndarray, keep: int, rng: np.random.Generator, *,
    margin: float = 0.0, alpha: float = 1e-9, look: int = 5,
) -> tuple[Race, np.ndarray]:  # fmt: skip
    """Until it is decided; and how many images each net was attacked on."""
    race = Race(before_MN, keep, margin=margin, alpha=alpha)
    order, attacked_M = rng.permutation(before_MN.shape[1]), np.zeros(len(before_MN), dtype=int)
    for start in range(0, len(order), look):
        rows = order[start : start + look]
        active = race.undecided
        race.hear(rows, {m: after_MN[m, rows] for m in active})
        attacked_M[list(active)] += len(rows)
    return race, attacked_M


@pytest.mark.parametrize("keep", [1, 2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_kept_are_the_best_within_the_margin(keep: int, seed: int) -> None:
    rng = np.random.default_rng((seed, keep))
    before_MN = rng.random((5, 60)) < rng.uniform(0.3, 0.9, (5, 1))
    after_MN = before_MN & (rng.random((5, 60)) >= rng.uniform(0, 0.4, (5, 1)))
    race, _ = _run(before_MN, after_MN, keep, rng)
    assert not race.undecided
    accuracy_M = after_MN.sum(axis=1)
    bound = sorted(accuracy_M, reverse=True)[keep - 1]
    assert len(race.inside) == keep
    assert all(accuracy_M[m] >= bound for m in race.inside)
    assert all(accuracy_M[m] <= bound for m in race.outside)


def test_who_is_known_to_be_out_leaves_the_race() -> None:
    """Net 0 right on 40 of 40, nets 1 and 2 on 30: net 3, on none, is out at once."""
    before_MN = np.zeros((4, 40), dtype=bool)
    before_MN[0], before_MN[1:3, :30] = True, True
    race = Race(before_MN, 3, margin=0.0)
    assert race.outside == [] and race.undecided == (0, 1, 2, 3)
    _, attacked_M = _run(before_MN, before_MN, 3, np.random.default_rng(0), alpha=0.05)
    assert attacked_M[3] < 40


def test_all_alike_are_settled_with_as_many_as_there_are_places() -> None:
    before_MN = np.zeros((4, 100), dtype=bool)
    before_MN[np.arange(4), np.arange(4)] = True  # one image each, so 1 point apart at the most
    race = Race(before_MN, 2, margin=0.02)
    assert len(race.inside) == 2 and len(race.outside) == 2


@pytest.mark.parametrize(("nets", "keep"), [(1, 1), (2, 2), (2, 5)])
def test_nothing_is_to_be_decided_where_all_go_on(nets: int, keep: int) -> None:
    race = Race(np.ones((nets, 10), dtype=bool), keep)
    assert race.inside == list(range(nets)) and not race.undecided


def test_a_verdict_read_from_the_other_side() -> None:
    before_MN = np.array([[True] * 10, [False] * 10])
    race, _ = _run(before_MN, before_MN, 1, np.random.default_rng(0))
    assert (race.verdict(0, 1).word, race.verdict(1, 0).word) == ("better", "worse")
