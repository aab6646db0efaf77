"""The parts of Auto-PGD: checkpoints, the targeted loss, the order of targets."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, measure, tensors

from trainables.attacks.apgd import checkpoints
from trainables.attacks.apgd_t import APGDTargeted
from trainables.attacks.losses import log_odds, margin, targeted_ratio
from trainables.attacks.making import make_attack

Digits = tuple[np.ndarray, np.ndarray]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        # p: 0.22, 0.41, 0.57, 0.70, 0.80, 0.87, 0.93, 0.99
        (100, (22, 41, 57, 70, 80, 87, 93, 99)),
        (50, (11, 21, 29, 35, 40, 44, 47)),  # 49.5 rounds up to the end
        (10, (3, 5, 6, 7, 8, 9)),  # 2.2, 4.1, 5.7, 7, 8, 8.7, 9.3, 9.9
        (1, ()),
    ],
)
def test_checkpoints_are_those_of_the_paper(steps: int, expected: tuple[int, ...]) -> None:
    assert checkpoints(steps) == expected


def test_targeted_ratio_by_hand() -> None:
    logits = torch.tensor([[5.0, 3.0, 2.0, 1.0, 0.0], [1.0, 4.0, 2.0, 0.0, 3.0]])
    aim = torch.tensor([[0, 1], [1, 2]])
    # (3 - 5) / (5 - (2 + 1) / 2) and (2 - 4) / (4 - (2 + 1) / 2)
    expected = torch.tensor([-2 / 3.5, -2 / 2.5])
    torch.testing.assert_close(targeted_ratio(logits, aim), expected)
    torch.testing.assert_close(targeted_ratio(7 * logits + 3, aim), expected)
    torch.testing.assert_close(targeted_ratio(logits[:, :3], aim), torch.tensor([-2.0, -2.0]))
    equal = targeted_ratio(torch.zeros(1, 5), torch.tensor([[0, 1]]))
    assert equal.item() == 0


def test_log_odds_rise_with_the_cross_entropy_and_the_margin_ends_at_a_mistake() -> None:
    logits = torch.randn(40, 6, generator=torch.Generator().manual_seed(0)) * 3
    labels = torch.arange(40) % 6
    entropy = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
    odds = log_odds(logits, labels[:, None])
    torch.testing.assert_close(torch.nn.functional.softplus(odds), entropy)
    assert ((margin(logits, labels) < 0) == (logits.argmax(1) != labels)).all()


def test_targets_are_the_likeliest_other_classes(trained: SmallNet, digits: Digits) -> None:
    """With one target the attack goes for the second likeliest class."""
    images, labels = tensors(digits[0][:64], digits[1][:64])
    logits = trained(images)
    right = logits.argmax(1) == labels
    images, labels, second = images[right], labels[right], logits[right].argsort(1)[:, -2]
    with torch.no_grad():
        attacked = APGDTargeted(steps=20, targets=1)(trained, images, labels, 32 / 255)
        found = trained(attacked).argmax(1)
    broken = found != labels
    assert broken.sum() > 20
    assert (found[broken] == second[broken]).float().mean() > 0.8


def test_more_targets_and_restarts_never_help_an_image(trained: SmallNet, digits: Digits) -> None:
    some = digits[0][:200], digits[1][:200]
    few, more, most = (
        measure(trained, *some, (0, 24), attack=make_attack(text), batch_size=200).right_EN[1]
        for text in (
            "apgd_t:steps=5,targets=1", "apgd_t:steps=5,targets=4",
            "apgd_t:steps=5,targets=4,restarts=2",
        )
    )  # fmt: skip
    assert not (more & ~few).any() and not (most & ~more).any()
    assert more.sum() < few.sum()


def test_targets_beyond_the_classes_are_left_out(trained: SmallNet, digits: Digits) -> None:
    images, labels = digits[0][:40], digits[1][:40]
    nine, hundred = (
        measure(trained, images, labels, (0, 5), attack=APGDTargeted(steps=3, targets=t))
        for t in (9, 100)
    )
    assert nine.curve.accuracy == hundred.curve.accuracy
    passes = [each.curve.provenance["forward_images"] for each in (nine, hundred)]
    assert passes[0] == passes[1]
