"""What is broken at one epsilon is not attacked at larger ones; nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest
from attack_parts import SmallNet, ended, measure

from trainables.attacks.making import make_attack
from trainables.attacks.robustness import measure_robustness

Digits = tuple[np.ndarray, np.ndarray]
EPS_255 = (0, 0.5, 1, 2, 4, 8, 16, 32)


@pytest.mark.parametrize("text", ["fgsm", "pgd:steps=5"])
def test_the_worst_case_is_the_same(trained: SmallNet, digits: Digits, text: str) -> None:
    some, attack = (digits[0][:200], digits[1][:200]), make_attack(text)
    whole = measure(trained, *some, EPS_255, attack=attack, batch_size=40)
    run = measure_robustness(
        trained, *some, attack, EPS_255, provenance={}, batch_size=40, leaving=True
    )
    left = ended(run)
    worst_EN = np.logical_and.accumulate(whole.right_EN)
    np.testing.assert_array_equal(left.right_EN, worst_EN)
    assert left.curve.worst_case == left.curve.accuracy == whole.curve.worst_case
    attacked = left.examples.attacked_NHWC, whole.examples.attacked_NHWC
    np.testing.assert_array_equal(*attacked)
    spent, before = left.curve.provenance, whole.curve.provenance
    assert spent["forward_images"] < before["forward_images"]
    if text == "fgsm":
        # A pass more for each image that stands before an epsilon; in the first batch for all.
        right_N = whole.right_EN[0]
        standing = worst_EN[:-1, 40:].sum() + (len(EPS_255) - 1) * right_N[:40].sum()
        assert spent["forward_images"] == 200 + right_N.sum() + standing
        assert spent["backward_images"] == right_N.sum()
