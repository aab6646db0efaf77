"""An attack with a limit takes as many images as fit, and says what it spent."""

from __future__ import annotations

import time

import numpy as np
import pytest
from attack_parts import SmallNet, measure

from trainables.attacks.budget import Budget
from trainables.attacks.making import make_attack
from trainables.attacks.provenance import sample_digest
from trainables.attacks.score import robustness_metrics

Digits = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("limit", "done", "spent", "fits"),
    [
        (None, 32, 10_000, 32),
        (1000, 0, 0, 32),  # nothing is known before the first batch
        (1000, 32, 320, 32),
        (1000, 32, 800, 8),  # 25 an image, 200 left
        (1000, 32, 990, 0),
        (1000, 32, 4000, 0),
    ],
)
def test_what_fits_by_hand(limit: int | None, done: int, spent: int, fits: int) -> None:
    assert Budget(passes=limit).images(32, done, spent) == fits


def test_seconds_count_from_its_beginning() -> None:
    now = time.monotonic()
    assert Budget(seconds=100, began=now - 50).images(32, 25, 1) == pytest.approx(24, abs=1)
    assert Budget(seconds=10, began=now - 50).images(32, 25, 1) == 0


def test_a_limit_in_passes_is_kept(trained: SmallNet, digits: Digits) -> None:
    some = digits[0][:200], digits[1][:200]
    attack = make_attack("pgd:steps=10,max_passes=3000")
    found = measure(trained, *some, (0, 1, 2), attack=attack, batch_size=16)
    told, metrics = found.curve.provenance, robustness_metrics(found.curve)
    spent = told["forward_images"] + told["backward_images"]
    assert 2200 < spent < 3800 and metrics["attack_passes"] == spent
    count = told["count"]
    assert 16 < count < 200 and told["count_asked"] == 200 and metrics["robust_n"] == count
    assert told["sample_digest"] == sample_digest(digits[0][:count], digits[1][:count])
    assert found.right_EN.shape == (3, count)
    whole = measure(trained, *some, (0, 1, 2), attack=make_attack("pgd:steps=10"), batch_size=16)
    np.testing.assert_array_equal(found.right_EN, whole.right_EN[:, :count])
    assert "count_asked" not in whole.curve.provenance


def test_a_limit_in_seconds_ends_it(trained: SmallNet, digits: Digits) -> None:
    attack = make_attack("square:queries=500,max_seconds=0.3")
    began = time.monotonic()
    found = measure(trained, *digits, (0, 2), attack=attack, batch_size=2)
    assert time.monotonic() - began < 10
    assert 2 <= found.curve.count < 600
