"""The second attack of a trial, on nets of which it is known what is left."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import TwoClasses, ended, measure
from torch import nn

from search_spaces.errors import OrchestratorError, UsageError
from trainables.attacks.fgsm import FGSM
from trainables.attacks.making import make_attack
from trainables.attacks.second import (
    attack_standing,
    second_as_typed,
    second_attack,
    second_metrics,
)
from trainables.config import TrialConfig
from trainables.trial import train

EPS = 8 / 255


class Bump(nn.Module):
    """Class 1 but in a ring around the first pixel's 0.5: outside of it gradients point away."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, 2]."""
        distance_N = (images_NCHW[:, 0, 0, 0] - 0.5).abs()
        score_N = 1 - 2 * torch.exp(-(((distance_N - 0.012) / 0.004) ** 2))
        return torch.stack([torch.zeros_like(score_N), score_N], dim=1)


def linear(count: int = 24) -> tuple[TwoClasses, np.ndarray, np.ndarray, np.ndarray]:
    """A net of two classes, grey images, all of class 1, and their margins by sum of weights."""
    generator = torch.Generator().manual_seed(0)
    weight_CHW = torch.randn(3, 4, 4, generator=generator)
    net = TwoClasses(weight_CHW, bias=0.0)
    noise_NHWC = np.random.default_rng(0).integers(60, 200, (count, 4, 4, 3)).astype(np.uint8)
    images = torch.from_numpy(noise_NHWC.transpose(0, 3, 1, 2)).float() / 255
    score_N = (images * weight_CHW).sum((1, 2, 3))
    labels_N = (score_N > 0).numpy().astype(np.int64)
    margin_N = (score_N.abs() / weight_CHW.abs().sum()).detach().numpy()
    return net, noise_NHWC, labels_N, margin_N


def both(net: nn.Module, images: np.ndarray, labels: np.ndarray, text: str = "pgd"):
    first = measure(net, images, labels, (0, 2, 8))
    then = make_attack(text)
    return first, ended(attack_standing(net, images, labels, first, then, provenance={"a": 1}))


def test_of_a_linear_net_it_breaks_what_the_closed_form_says() -> None:
    net, images, labels, margin_N = linear()
    first, second = both(net, images, labels)
    stands = float((margin_N > EPS).mean())
    assert 0 < stands < 1  # far from clipping: 60/255 is more than 8/255
    assert first.curve.worst_case[-1] == pytest.approx(stands)
    assert second.eps_255 == (0.0, 8) and second.count == len(labels)
    assert second.worst_case == (first.curve.worst_case[0], pytest.approx(stands))
    assert second.provenance["after"] == "fgsm" and second.provenance["a"] == 1
    assert second.provenance["standing"] == round(stands * len(labels))
    metrics = second_metrics(second)
    assert metrics["pgd10_acc"] == metrics["second_acc"] == second.worst_case[-1]
    assert 0 < metrics["second_passes"] <= 22 * second.provenance["standing"]


def test_it_finds_what_one_step_jumps_over() -> None:
    images = np.full((6, 4, 4, 3), 127, dtype=np.uint8)
    labels = np.ones(6, dtype=np.int64)
    first = measure(Bump(), images, labels, (0, 8))
    assert first.curve.worst_case == (1.0, 1.0)  # 8/255 away is beyond the ring
    attack = make_attack("pgd:step_255=0.5")
    second = ended(attack_standing(Bump(), images, labels, first, attack, provenance={}))
    assert second is not None and second.worst_case[-1] == 0.0


def test_where_nothing_stands_nothing_is_spent() -> None:
    net, images, labels, _ = linear()
    first, second = both(net, images, 1 - labels)
    assert first.curve.worst_case[0] == 0
    assert second_metrics(second) == {
        "pgd10_acc": 0.0, "second_acc": 0.0, "second_passes": 0.0
    }  # fmt: skip


def test_a_limit_lets_a_part_stand_for_all() -> None:
    net, images, labels, margin_N = linear(400)
    first = measure(net, images, labels, (0, 2, 8))
    then = make_attack("pgd:max_passes=700")
    second = ended(attack_standing(net, images, labels, first, then, provenance={}))
    assert second is not None
    assert second.provenance["count"] < second.provenance["standing"]
    # All that stand under the closed form stand here, too: so does any part of them.
    assert second.worst_case[-1] == pytest.approx(float((margin_N > EPS).mean()))


@pytest.mark.parametrize(
    ("text", "first", "label", "limit"),
    [
        ("auto", "fgsm", "pgd10", 500),
        ("auto", "fgsm:norm=l2", "pgd10_l2", 500),
        ("auto", "pgd:steps=20", None, None),
        ("none", "fgsm", None, None),
        ("pgd:steps=50", "pgd:steps=20", "pgd50", None),
    ],
)
def test_which_attack_comes_second(text, first, label, limit) -> None:
    made = second_attack(text, make_attack(first, seed=3), passes=500)
    if label is None:
        assert made is None
    else:
        assert made is not None
        assert (made.label, made.max_passes, made.seed) == (label, limit, 3)


def test_without_8_255_there_is_none() -> None:
    net, images, labels, _ = linear()
    first = measure(net, images, labels, (0, 2))
    run = attack_standing(net, images, labels, first, make_attack("pgd"), provenance={})
    assert ended(run) is None
    assert ended(attack_standing(net, images, labels, first, None, provenance={})) is None


def test_how_it_is_typed() -> None:
    assert second_as_typed("pgd:restarts=2,steps=50", "fgsm") == "pgd:steps=50,restarts=2"
    assert second_as_typed("auto", "none") == "auto"
    with pytest.raises(UsageError, match="there is no first one"):
        second_as_typed("pgd", "none")
    with pytest.raises(UsageError, match=r"norm of the first one, l2.*Add norm=l2"):
        second_as_typed("pgd", "fgsm:norm=l2")
    with pytest.raises(UsageError, match="norm of the first one, linf"):
        second_as_typed("pgd:norm=l2", FGSM.name)
    with pytest.raises(UsageError, match="would be called pgd10_acc"):
        second_as_typed("pgd:restarts=5", "pgd")


@pytest.mark.parametrize(
    ("attacks", "says"),
    [
        ({"attack": "none", "second_attack": "pgd"}, "there is no first one"),
        ({"attack": "pdg"}, "Did you mean 'pgd'"),
        ({"second_attack": "pgd:step=3"}, "option of the attack pgd 'step'"),
    ],
)
def test_a_bare_trial_tells_before_it_trains(attacks: dict[str, str], says: str) -> None:
    config = TrialConfig(data="folder:/nowhere", **attacks)  # it would fail at that, otherwise
    with pytest.raises(OrchestratorError, match=says):
        next(train(config))
