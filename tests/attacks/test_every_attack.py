"""What must hold of every attack: the contract suite. A new attack is a row of `ATTACKS_TESTED`."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, measure, oracle, tensors
from torch import nn

from trainables.attacks import ATTACKS
from trainables.attacks.base import Attack
from trainables.attacks.making import make_attack
from trainables.attacks.square import Square

Digits = tuple[np.ndarray, np.ndarray]

# Short, so that the suite is: what they are called, and their options.
ATTACKS_TESTED = {
    "fgsm": "",
    "pgd": "steps=4,restarts=2",
    "apgd_ce": "steps=10,restarts=2",
    "apgd_t": "steps=6,targets=3",
    "square": "queries=25,restarts=2",
    "ensemble": "steps=4,targets=2,queries=10",
    "autoattack": "",
}
EPS_255 = {"linf": 24, "l2": 320}
# Runs its thousands of passes whatever one says.
OURS = [name for name in ATTACKS_TESTED if name != "autoattack"]


def test_every_registered_attack_is_tested() -> None:
    assert set(ATTACKS.names()) == set(ATTACKS_TESTED)


@pytest.fixture(params=[(n, norm) for n in OURS for norm in ("linf", "l2")], ids="-".join)
def attack(request: pytest.FixtureRequest) -> Attack:
    name, norm = request.param
    return make_attack(f"{name}:norm={norm},{ATTACKS_TESTED[name]}", seed=3)


class Unbreakable(nn.Module):
    """Three classes; always says 0, by a margin that hangs on the image."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        mean_N = images_NCHW.mean((1, 2, 3))
        return torch.stack([mean_N + 5, mean_N * 0.5, mean_N.square()], dim=1)


def _right(trained: SmallNet, digits: Digits, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    images, labels = tensors(*digits)
    right = trained(images).argmax(1) == labels
    return images[right][:count], labels[right][:count]


def test_images_stay_within_eps_and_within_the_range(
    attack: Attack, trained: SmallNet, digits: Digits
) -> None:
    images, labels = _right(trained, digits, 24)
    eps = EPS_255[attack.norm] / 255
    attacked = attack(trained, images, labels, eps)
    assert attacked.shape == images.shape and attacked.dtype == torch.float32
    assert attacked.min() >= 0 and attacked.max() <= 1
    change = (attacked - images).flatten(1)
    norm = torch.inf if attack.norm == "linf" else 2
    lengths = change.norm(norm, dim=1)
    assert lengths.max() <= eps + 1e-6
    assert lengths.min() > 0  # and every image was tried


def test_eps_zero_changes_nothing(attack: Attack, trained: SmallNet, digits: Digits) -> None:
    images, labels = _right(trained, digits, 8)
    assert torch.equal(attack(trained, images, labels, 0.0), images)


def test_it_breaks_some_images_and_the_curve_falls(
    attack: Attack, trained: SmallNet, digits: Digits
) -> None:
    eps = EPS_255[attack.norm]
    images, labels = digits[0][:120], digits[1][:120]
    curve = measure(trained, images, labels, (0, eps, 5 * eps), attack=attack, batch_size=120).curve
    assert curve.worst_case[0] == curve.accuracy[0] > 0.95
    assert curve.worst_case[2] < curve.worst_case[1] <= curve.worst_case[0]
    # So few random squares break none of these at the smaller epsilon.
    assert curve.worst_case[1] < curve.worst_case[0] or isinstance(attack, Square)


def test_nothing_is_left_of_it(attack: Attack, trained: SmallNet, digits: Digits) -> None:
    model = copy.deepcopy(trained).train()
    model.conv.bias.requires_grad_(False)
    model.head.bias.grad = torch.ones(10)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random, numpy_random = torch.get_rng_state(), np.random.get_state()[1].copy()
    measure(model, digits[0][:8], digits[1][:8], (0, EPS_255[attack.norm]), attack=attack)
    torch.testing.assert_close(dict(model.state_dict()), before, rtol=0, atol=0)
    assert all(module.training for module in model.modules())
    flags = {name: p.requires_grad for name, p in model.named_parameters()}
    assert flags.pop("conv.bias") is False and all(flags.values())
    grads = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert set(grads) == {"head.bias"} and torch.equal(grads["head.bias"], torch.ones(10))
    assert torch.equal(torch.get_rng_state(), random)
    assert np.array_equal(np.random.get_state()[1], numpy_random)


def test_a_verdict_does_not_hang_on_who_shares_the_batch(
    attack: Attack, trained: SmallNet, digits: Digits
) -> None:
    images, labels = digits[0][500:520], digits[1][500:520]
    eps = EPS_255[attack.norm]
    whole, parts = (
        measure(trained, images, labels, (0, eps), attack=attack, batch_size=b) for b in (20, 7)
    )
    np.testing.assert_array_equal(whole.right_EN, parts.right_EN)


def test_the_seed_decides_what_is_random(trained: SmallNet, digits: Digits) -> None:
    images, labels = _right(trained, digits, 8)
    for text in ("pgd:steps=1", "apgd_ce:steps=1", "apgd_t:steps=1,targets=1", "square:queries=5"):
        one, same, other = (
            make_attack(text, seed=seed)(trained, images, labels, 0.01) for seed in (1, 1, 2)
        )
        assert torch.equal(one, same) and not torch.equal(one, other)


def test_passes_are_at_most_as_many_as_it_says(attack: Attack) -> None:
    """A net that nothing breaks takes them all."""
    net = Unbreakable()
    images, labels = np.full((3, 16, 16, 3), 128, dtype=np.uint8), np.zeros(3, dtype=np.int64)
    told = measure(net, images, labels, (0, EPS_255[attack.norm]), attack=attack).curve.provenance
    forward, backward = attack.most_passes(3)
    assert told["forward_images"] == 3 * (1 + forward + 1)  # clean image, and verdict
    assert told["backward_images"] == 3 * backward


def test_provenance_names_all_options(attack: Attack) -> None:
    told = attack.describe()
    assert told["norm"] == attack.norm and told["seed"] == 3 and told["attack_version"] == 1
    assert {"max_passes", "max_seconds"}.isdisjoint(told)
    assert told["attack"].endswith("_l2") is (attack.norm == "l2")


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_autoattack_is_the_published_one_and_ours_is_no_weaker(
    norm: str, trained: SmallNet, digits: Digits
) -> None:
    oracle("pyautoattack")
    eps, images, labels = EPS_255[norm], digits[0][500:560], digits[1][500:560]
    published, ours = (
        measure(trained, images, labels, (0, eps), attack=make_attack(text), batch_size=60).curve
        for text in (f"autoattack:norm={norm}", f"ensemble:norm={norm},queries=1000")
    )
    assert published.provenance["library"].startswith("pyautoattack ")
    assert published.provenance["backward_images"] > 1000
    assert 0.05 < published.accuracy[1] < published.accuracy[0] - 0.2
    assert abs(ours.accuracy[1] - published.accuracy[1]) <= 1 / 60 + 1e-9
