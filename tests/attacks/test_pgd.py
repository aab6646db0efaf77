"""PGD: against a loop in normalised space, its restarts, its passes, its default step."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, TwoClasses, measure, tensors
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables.attacks.fgsm import FGSM
from trainables.attacks.making import make_attack
from trainables.attacks.pgd import PGD

Digits = tuple[np.ndarray, np.ndarray]
MEAN = torch.tensor([0.49, 0.48, 0.45]).view(3, 1, 1)
STD = torch.tensor([0.247, 0.2435, 0.2616]).view(3, 1, 1)


class NormalisedInside(nn.Module):
    """Pixels in [0, 1] -> what `net` makes of normalised ones."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return self.net((images_NCHW - MEAN) / STD)


def test_pixel_space_equals_normalised_space_with_eps_over_std(
    trained: SmallNet, digits: Digits
) -> None:
    """A loop of the test's own, with eps / std and alpha / std a channel and the range's ends."""
    images, labels = tensors(digits[0][:64], digits[1][:64])
    eps, alpha, steps = 2 / 255, 0.5 / 255, 8
    small = copy.deepcopy(trained)  # with small logits: cross-entropy's gradient is nowhere lost
    with torch.no_grad():
        small.head.weight *= 0.02
        small.head.bias *= 0.02
    model = NormalisedInside(small)  # it was trained on pixels: wrong on many
    right = model(images).argmax(1) == labels
    images, labels = images[right], labels[right]
    attack = PGD(steps=steps, step_255=0.5, random_start=False)
    ours = (attack(model, images, labels, eps) - MEAN) / STD

    net, clean = copy.deepcopy(small).double(), ((images - MEAN) / STD).double()
    low = torch.maximum(clean - eps / STD, (0 - MEAN) / STD)
    high = torch.minimum(clean + eps / STD, (1 - MEAN) / STD)
    x = clean
    standing = torch.ones(len(x), dtype=torch.bool)
    for _ in range(steps):
        x = x.detach().requires_grad_(True)
        logits = net(x)
        standing &= logits.argmax(1) == labels
        (gradient,) = torch.autograd.grad(functional.cross_entropy(logits, labels), x)
        x = torch.minimum(torch.maximum(x + alpha / STD * gradient.sign(), low), high)
    assert standing.sum() >= 8
    # A gradient within rounding of zero may have either sign: one pixel in a thousand at the most.
    away = (ours - x)[standing].abs() > 1e-4
    assert away.float().mean() < 1e-3


def test_worst_case_over_restarts_never_rises(trained: SmallNet, digits: Digits) -> None:
    found = [
        measure(
            trained, *digits, (0, 28), attack=PGD(steps=2, restarts=r), batch_size=600
        ).right_EN[1]
        for r in (1, 2, 8)
    ]
    assert not (found[1] & ~found[0]).any() and not (found[2] & ~found[1]).any()
    assert found[2].sum() < found[0].sum()  # and they are of use


def test_more_steps_break_no_fewer_and_pgd_is_no_weaker_than_fgsm(
    trained: SmallNet, digits: Digits
) -> None:
    accuracies = [
        measure(trained, *digits, (0, 24), attack=attack, batch_size=600).curve.accuracy[1]
        for attack in (FGSM(), PGD(steps=10), PGD(steps=40))
    ]
    assert accuracies[0] >= accuracies[1] >= accuracies[2] > 0.05


def test_broken_images_leave_and_no_pass_is_wasted() -> None:
    weight_CHW = torch.ones(3, 2, 2)
    model = TwoClasses(weight_CHW, bias=-6.0)
    images_NHWC = np.full((10, 2, 2, 3), 140, dtype=np.uint8)  # score 12 * 140 / 255 - 6 = 0.59
    images_NHWC[:4] = 129  # score 0.07: one step of 2/255 takes 0.094
    labels_N = np.ones(10, dtype=np.int64)
    attack = PGD(steps=5, random_start=False, restarts=1, step_255=2)
    found = measure(model, images_NHWC, labels_N, (0, 8), attack=attack)
    assert found.right_EN[1].tolist() == [False] * 4 + [True] * 6
    told = found.curve.provenance
    # Clean 10, verdict 10, 5 steps of those that stand; the others are seen wrong in the second.
    assert told["forward_images"] == 10 + 10 + 10 + 10 + 3 * 6
    assert told["backward_images"] == 10 + 10 + 3 * 6


@pytest.mark.parametrize(("norm", "eps_255"), [("linf", 8), ("linf", 2), ("l2", 64)])
def test_a_step_is_a_quarter_of_eps_unless_given(norm: str, eps_255: float) -> None:
    model = TwoClasses(torch.tensor(np.random.default_rng(0).normal(size=(3, 2, 2))).float(), 0.0)
    images = torch.full((1, 3, 2, 2), 0.5)
    labels = model(images).argmax(1)
    attack = PGD(steps=1, random_start=False, norm=norm)
    change = (attack(model, images, labels, eps_255 / 255) - images).flatten()
    length = change.abs().max() if norm == "linf" else change.norm()
    assert float(length) == pytest.approx(eps_255 / 255 / 4, rel=1e-4)
    assert attack.describe()["step_255"] == "eps/4"


def test_random_starts_fill_the_ball() -> None:
    model = TwoClasses(torch.zeros(3, 8, 8), 1.0)  # no gradient: the start is what is left
    images, labels = torch.full((50, 3, 8, 8), 0.5), torch.ones(50, dtype=torch.long)
    images += torch.arange(50).view(-1, 1, 1, 1) * 1e-3  # else all have the same stream
    linf = PGD(steps=1)(model, images, labels, 0.1) - images
    assert linf.abs().max() <= 0.1 + 1e-6 and abs(float(linf.mean())) < 0.002
    assert float(linf.std()) == pytest.approx(0.2 / 12**0.5, rel=0.03)
    l2 = (PGD(steps=1, norm="l2")(model, images, labels, 0.1) - images).flatten(1).norm(dim=1)
    # The radius is 0.1 times the 192nd root of a uniform number: its mean is 192 / 193.
    assert float(l2.mean()) == pytest.approx(0.1 * 192 / 193, rel=0.003)
    assert len(set(l2.tolist())) == 50


def test_restarts_without_random_starts_are_refused() -> None:
    with pytest.raises(UsageError, match="Restarts need random starts"):
        make_attack("pgd:restarts=3,random_start=no")
