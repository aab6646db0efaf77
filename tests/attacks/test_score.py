"""Figures out of a curve by hand; provenance; warnings."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from attack_parts import EPS_255, SmallNet, measure
from torch import nn

from trainables.attacks.figures import is_under_attack
from trainables.attacks.score import robust_score, robustness_metrics
from trainables.attacks.warnings import Suspicions
from trainables.reports import RobustnessCurve

Digits = tuple[np.ndarray, np.ndarray]


def _curve(eps: tuple[float, ...], worst: tuple[float, ...]) -> RobustnessCurve:
    provenance = {"attack": "fgsm", "forward_images": 70, "backward_images": 9}
    return RobustnessCurve(eps, tuple(w + 0.01 for w in worst), worst, 10, provenance)


@pytest.mark.parametrize(
    ("eps", "worst", "score"),
    [
        ((0, 8), (1.0, 0.0), 0.5),
        ((0, 4, 8), (0.8, 0.4, 0.4), (4 * 0.6 + 4 * 0.4) / 8),
        ((0, 4, 8, 16), (0.8, 0.4, 0.4, 0.1), 0.5),  # what lies beyond 8 does not count
        ((0, 1, 2), (0.9, 0.5, 0.3), (0.7 + 0.4) / 2),  # a grid that ends early
        ((0, 4, 10), (0.9, 0.5, 0.1), 0.7),  # and one that misses 8
        ((0,), (0.9,), 0.9),
    ],
)
def test_score_is_the_area_over_eps_up_to_eight(
    eps: tuple[float, ...], worst: tuple[float, ...], score: float
) -> None:
    assert robust_score(_curve(eps, worst)) == pytest.approx(score)


def test_metrics_have_their_public_names() -> None:
    metrics = robustness_metrics(_curve((0, 0.5, 8), (0.9, 0.4, 0.2)))
    assert metrics == {
        "fgsm_acc_eps_0": 0.91,
        "fgsm_acc_eps_0.5": 0.41000000000000003,
        "fgsm_acc_eps_8": 0.21000000000000002,
        "fgsm_acc": 0.21000000000000002,
        "robust_acc": 0.2,
        "robust_score": pytest.approx((0.5 * 0.65 + 7.5 * 0.3) / 8),
        "robust_n": 10.0,
        "attack_passes": 79.0,
    }
    assert "robust_acc" not in robustness_metrics(_curve((0, 4), (0.9, 0.4)))


def test_passes_are_those_that_really_ran(trained: SmallNet, digits: Digits) -> None:
    model, seen = copy.deepcopy(trained), [0, 0]

    def on_forward(_: object, inputs: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        seen[0] += len(inputs[0])
        if out.requires_grad:
            out.register_hook(lambda grad: seen.__setitem__(1, seen[1] + len(grad)))

    model.head.register_forward_hook(on_forward)
    curve = measure(model, digits[0][:100], digits[1][:100], (0, 2, 8)).curve
    right = round(curve.accuracy[0] * 100)
    told = (curve.provenance["forward_images"], curve.provenance["backward_images"])
    assert told == tuple(seen) == (100 + right * 3, right)


def test_provenance_is_complete_and_names_the_sample(trained: SmallNet, digits: Digits) -> None:
    images, labels = digits[0][:20], digits[1][:20]
    provenance = measure(trained, images, labels).curve.provenance
    expected = {
        "attack": "fgsm",
        "norm": "linf",
        "steps": 1,
        "restarts": 1,
        "seed": 0,
        "eps_255": list(EPS_255),
        "resolution": 16,
        "count": 20,
        "torch": torch.__version__,
    }
    assert {name: provenance[name] for name in expected} == expected
    assert {"orchestrator", "warnings", "zero_gradient_share"} <= set(provenance)
    other = measure(trained, images, (labels + 1) % 10).curve.provenance
    assert other["sample_digest"] != provenance["sample_digest"]


class Quantised(nn.Module):
    """Rounds its input to 17 levels: the same predictions, nearly, and no gradient."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return self.net((images_NCHW * 16).round() / 16)


def test_an_ordinary_net_raises_no_warning_and_one_without_gradients_does(
    trained: SmallNet, digits: Digits
) -> None:
    images, labels = digits[0][:100], digits[1][:100]
    ordinary = measure(trained, images, labels).curve.provenance
    assert ordinary["warnings"] == [] and ordinary["zero_gradient_share"] < 0.1
    masked = measure(Quantised(trained), images, labels).curve.provenance
    assert masked["zero_gradient_share"] == 1.0
    assert "may be masked" in masked["warnings"][0]


def test_a_saturated_softmax_hides_nothing(trained: SmallNet, digits: Digits) -> None:
    """Logits 10,000 times as large: the same predictions, and cross-entropy's gradient is 0."""
    images, labels = digits[0][:100], digits[1][:100]
    saturated = copy.deepcopy(trained)
    with torch.no_grad():
        saturated.head.weight *= 1e4
        saturated.head.bias *= 1e4
    curve, ordinary = (measure(net, images, labels).curve for net in (saturated, trained))
    assert curve.accuracy[0] == ordinary.accuracy[0]
    assert curve.provenance["zero_gradient_share"] < 0.1
    assert curve.accuracy[-1] <= ordinary.accuracy[-1] + 0.1


@pytest.mark.parametrize(("turned", "warned"), [(7, True), (6, False)])
def test_accuracy_that_rises_beyond_noise_is_warned_of(turned: int, warned: bool) -> None:
    right_EN = np.ones((3, 50), dtype=bool)
    right_EN[1, :20] = False
    right_EN[2, turned:20] = False  # `turned` images are right again at the larger epsilon
    suspicions = Suspicions()
    suspicions._on_gradient(torch.ones(4))
    warnings = suspicions.warnings(right_EN, (0, 2, 4))
    assert bool(warnings) is warned
    if warned:
        assert "from eps 2/255 to 4/255" in warnings[0]


@pytest.mark.parametrize(
    ("metric", "is_one"),
    [
        ("robust_acc", True), ("robust_score", True), ("fgsm_acc", True), ("pgd20_acc", True),
        ("apgd_l2_acc", True), ("square_acc_eps_0.5", True), ("ensemble_acc", True),
        ("val_acc", False), ("train_acc", False), ("val_pgd_acc", False), ("val_loss", False),
        ("train_seconds", False), ("overfit_gap", False), ("", False),
    ],
)  # fmt: skip
def test_which_figures_are_those_of_attacked_images(metric, is_one):
    assert is_under_attack(metric) == is_one
