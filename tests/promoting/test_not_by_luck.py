"""A champion is not replaced by a model that is better by luck, and is by one that is better.

Models are simulated: each image has a difficulty that both share, so that their verdicts agree as
those of two trained nets do (here on about 93 % of the images).
"""

from __future__ import annotations

import numpy as np
import pytest

from orchestrator.promoting.decision import By, Gates, decide
from orchestrator.promoting.evidence import Evidence, Showing, Survival

IMAGES, ATTACKED, PAIRS = 10_000, 1000, 200
GRID = (0.0, 2.0, 8.0)
LEVELS = np.array([0.85, 0.4, 0.05])  # worst-case accuracy by epsilon


def _verdicts(share_E: np.ndarray, shared_N: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Right or wrong at each epsilon, [N, E]: an image's own luck, mixed with the shared one."""
    own_N = rng.random(len(shared_N))
    mixed_N = np.where(rng.random(len(shared_N)) < 0.8, shared_N, own_N)
    verdicts_NE: np.ndarray = mixed_N[:, None] < share_E
    return verdicts_NE


def _pair(rng: np.random.Generator, better: float) -> Evidence:
    """Candidate and champion; the candidate is right on `better` more of all images."""
    showings = []
    shared_N = rng.random(IMAGES)
    for gain in (better, 0.0):
        right_NE = _verdicts(np.minimum(LEVELS + gain, 1.0), shared_N, rng)
        survival = Survival(right_NE[:ATTACKED], GRID, {"attack": "pgd10"}, {})
        showings.append(Showing(right_NE[:, 0], survival))
    return Evidence(showings[0], showings[1], "1")


def _replaced(by: By, better: float, pairs: int) -> int:
    rng = np.random.default_rng(20261122)
    return sum(decide(_pair(rng, better), Gates(by=by)).promote for _ in range(pairs))


@pytest.mark.parametrize("by", ["accuracy", pytest.param("robustness", marks=pytest.mark.slow)])
def test_equal_models_are_replaced_in_at_most_5_percent(by: By) -> None:
    assert _replaced(by, 0.0, PAIRS) <= 0.05 * PAIRS


def test_a_model_that_is_3_points_better_is_mostly_taken() -> None:
    assert _replaced("accuracy", 0.03, 50) >= 0.95 * 50


def test_the_guard_would_see_a_decision_by_the_mean_alone() -> None:
    """The same pairs, decided by who is ahead: half of all equal models would be replaced."""
    rng = np.random.default_rng(20261122)
    ahead = 0
    for _ in range(PAIRS):
        pair = _pair(rng, 0.0)
        assert pair.champion is not None
        ahead += bool(pair.candidate.right_N.mean() > pair.champion.right_N.mean())
    assert ahead > 0.3 * PAIRS
