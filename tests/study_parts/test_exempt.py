"""Which trials are never stopped early: a draw by hash."""

from __future__ import annotations

import math

import pytest

from orchestrator.study.early import is_exempt


@pytest.mark.parametrize("share", [0.125, 0.5, 0.01])
def test_its_share_is_kept(share: float) -> None:
    """Within 4.5 standard errors of a binomial: chance leaves that once in 150,000 seeds."""
    drawn = sum(is_exempt(7, str(key), share) for key in range(10_000))
    assert abs(drawn - 10_000 * share) < 4.5 * math.sqrt(10_000 * share * (1 - share))


def test_none_and_all() -> None:
    assert not any(is_exempt(0, str(key), 0.0) for key in range(1000))
    assert all(is_exempt(0, str(key), 1.0) for key in range(1000))


def test_it_is_the_same_everywhere_and_differs_by_seed() -> None:
    drawn = [[is_exempt(seed, str(key), 0.5) for key in range(64)] for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_a_greater_share_only_adds() -> None:
    for key in map(str, range(1000)):
        assert is_exempt(0, key, 0.5) or not is_exempt(0, key, 0.25)
