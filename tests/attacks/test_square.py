"""The parts of Square Attack: its schedule, its squares and bumps, its thrift."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, measure, oracle

from trainables.attacks.making import make_attack
from trainables.attacks.square import share_of_pixels
from trainables.attacks.square_moves import L2Moves, LinfMoves, bump

Digits = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("query", "queries", "halvings"),
    [
        (0, 10_000, 0), (10, 10_000, 0), (11, 10_000, 1), (50, 10_000, 1), (51, 10_000, 2),
        (201, 10_000, 3), (501, 10_000, 4), (1001, 10_000, 5), (2001, 10_000, 6),
        (4001, 10_000, 7), (6001, 10_000, 8), (8001, 10_000, 9), (9999, 10_000, 9),
        (1, 1_000, 0), (2, 1_000, 1), (401, 1_000, 7),
    ],
)  # fmt: skip
def test_squares_shrink_as_in_the_paper(query: int, queries: int, halvings: int) -> None:
    assert share_of_pixels(query, queries, 0.8) == 0.8 / 2**halvings


def test_the_schedule_is_the_oracles() -> None:
    square = oracle("pyautoattack.square").SquareAttack(None, n_queries=700, eps=1, p_init=0.3)
    ours = [share_of_pixels(query, 700, 0.3) for query in range(700)]
    theirs = [square.p_selection(query) for query in range(700)]
    # Theirs rounds the query down to a whole one of 10,000: they part for single queries.
    assert sum(a != b for a, b in zip(ours, theirs, strict=True)) <= 9


def _images(count: int, channels: int = 3, side: int = 9) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(count, channels, side, side, generator=generator)


def _draws(count: int, width: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, width, generator=torch.Generator().manual_seed(seed))


def test_in_linf_one_square_an_image_goes_to_the_ends() -> None:
    clean, eps = _images(200), 0.05
    moves = LinfMoves(clean, eps)
    start = moves.start(_draws(200, moves.starting_draws))
    # Stripes: a column of a channel goes one way, as far as eps and the range let it.
    up, down = (clean + eps).clamp(max=1), (clean - eps).clamp(min=0)
    stripes = torch.where((start == up).all(dim=2, keepdim=True), up, down)
    assert torch.equal(start, stripes)
    moved = moves.propose(clean, _draws(200, moves.draws), side=4.2)
    changed = (moved != clean).any(dim=1)
    rows, columns = changed.any(dim=2).sum(1), changed.any(dim=1).sum(1)
    assert (rows == 4).all() and (columns == 4).all()
    assert torch.equal(
        moved, torch.where(moved > clean, up, torch.where(moved < clean, down, clean))
    )
    # All places where a square of 4 fits in 9 pixels come up: corners 0 to 5.
    assert set(changed.any(dim=2).float().argmax(1).tolist()) == set(range(6))


@pytest.mark.parametrize("size", [3, 4, 5, 7, 12])
def test_bumps_are_the_oracles(size: int) -> None:
    square = oracle("pyautoattack.square").SquareAttack(None, eps=1, norm="L2", device="cpu")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = square.eta(size)
    ours = bump(size)
    assert ours.norm().item() == pytest.approx(1, abs=1e-6)
    same = min((ours - theirs).abs().max(), (ours.T - theirs).abs().max())
    assert same < 1e-5


def test_in_l2_the_whole_length_is_used_and_a_square_gives_to_another() -> None:
    clean, eps = 0.4 + 0.2 * _images(50, side=10), 0.3  # no pixel reaches an end
    moves = L2Moves(clean, eps)
    start = moves.start(_draws(50, moves.starting_draws))
    lengths = (start - clean).flatten(1).norm(dim=1)
    torch.testing.assert_close(lengths, torch.full((50,), eps))
    moved = moves.propose(start, _draws(50, moves.draws), side=3)
    torch.testing.assert_close((moved - clean).flatten(1).norm(dim=1), torch.full((50,), eps))
    changed = ((moved - start).abs() > 1e-6).any(dim=1).flatten(1).sum(1)
    assert (
        changed.min() >= 9 and changed.max() <= 18
    )  # two squares of 3 by 3, one may lie on the other


def test_it_asks_for_no_gradient_and_stops_with_what_is_broken(
    trained: SmallNet, digits: Digits
) -> None:
    images, labels = digits[0][:50], digits[1][:50]
    attack = make_attack("square:queries=100")
    told = measure(trained, images, labels, (0, 160), attack=attack, batch_size=50).curve.provenance
    assert told["backward_images"] == 0
    assert told["forward_images"] < 50 * 100 / 2  # at 160/255 most of them are broken early
    assert told["warnings"] == [] and told["zero_gradient_share"] == 0


def test_more_queries_break_more(trained: SmallNet, digits: Digits) -> None:
    accuracy = [
        measure(
            trained, digits[0][:100], digits[1][:100], (0, 96),
            attack=make_attack(f"square:queries={q}"), batch_size=100,
        ).curve.accuracy[1]
        for q in (1, 20, 200)
    ]  # fmt: skip
    assert accuracy[0] > accuracy[1] > accuracy[2]
