"""FGSM against the closed form of a linear model, and what must hold of any curve."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import EPS_255, SmallNet, measure
from torch import nn

from search_spaces.errors import UnknownNameError, UsageError
from trainables.attacks import ATTACKS
from trainables.attacks.fgsm import FGSM

Digits = tuple[np.ndarray, np.ndarray]


class TwoClasses(nn.Module):
    """logits = (0, w . x + b)."""

    def __init__(self, weight_CHW: torch.Tensor, bias: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight_CHW)
        self.bias = bias

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, 2]."""
        score_N = (images_NCHW * self.weight).sum((1, 2, 3)) + self.bias
        return torch.stack([torch.zeros_like(score_N), score_N], dim=1)


def test_a_linear_model_of_two_classes_falls_exactly_where_its_margin_ends() -> None:
    rng = np.random.default_rng(0)
    images_NHWC = rng.integers(0, 256, (300, 4, 4, 3)).astype(np.uint8)
    images_NHWC[:, :2] = np.where(images_NHWC[:, :2] < 128, 0, 255)  # half of them cannot move on
    weight_CHW = rng.normal(size=(3, 4, 4))
    x_NCHW = images_NHWC.transpose(0, 3, 1, 2) / 255
    score_N = (x_NCHW * weight_CHW).sum((1, 2, 3))
    bias = -float(np.median(score_N))
    labels_N = rng.permuted(score_N + bias > 0).astype(np.int64)
    labels_N[:200] = score_N[:200] + bias > 0  # the others are right by chance
    model = TwoClasses(torch.tensor(weight_CHW, dtype=torch.float32), bias)
    curve = measure(model, images_NHWC, labels_N).curve
    towards_N = np.where(labels_N == 1, 1, -1)
    margin_N = towards_N * (score_N + bias)
    for e, eps_255 in enumerate(EPS_255):
        # The worst change: each pixel against the label, as far as eps and the range [0, 1] let it.
        down_NCHW = -towards_N[:, None, None, None] * np.sign(weight_CHW)
        room_NCHW = np.where(down_NCHW > 0, 1 - x_NCHW, x_NCHW)
        loss_N = (np.abs(weight_CHW) * np.minimum(eps_255 / 255, room_NCHW)).sum((1, 2, 3))
        robust_N = (margin_N > 0) & (margin_N > loss_N)
        assert np.abs(margin_N - loss_N).min() > 1e-5  # no image hangs on rounding
        assert curve.accuracy[e] == robust_N.mean()
        assert curve.worst_case[e] == robust_N.mean()
    assert 0.1 < curve.accuracy[5] < curve.accuracy[1] < curve.accuracy[0] < 0.9


def test_attacked_images_stay_within_eps_and_within_the_range(
    trained: SmallNet, digits: Digits
) -> None:
    images = torch.from_numpy(digits[0][:16]).permute(0, 3, 1, 2).float() / 255
    labels, eps = torch.from_numpy(digits[1][:16]), 8 / 255
    attacked = FGSM()(trained, images, labels, eps)
    moved = (attacked - images).abs()
    assert attacked.min() >= 0 and attacked.max() <= 1
    assert moved.max() <= eps + 1e-6
    inside = (images >= eps) & (images <= 1 - eps)
    assert torch.allclose(moved[inside], torch.tensor(eps), atol=1e-6)


def test_eps_zero_is_the_clean_accuracy_and_the_worst_case_never_rises(
    trained: SmallNet, digits: Digits
) -> None:
    images, labels = digits[0][400:], digits[1][400:]
    with torch.no_grad():
        logits = trained(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255)
    clean = (logits.argmax(1).numpy() == labels).mean()
    curve = measure(trained, images, labels).curve
    assert curve.accuracy[0] == curve.worst_case[0] == clean > 0.9
    assert all(a >= b for a, b in zip(curve.worst_case, curve.worst_case[1:], strict=False))
    assert all(w <= a for w, a in zip(curve.worst_case, curve.accuracy, strict=True))
    assert curve.worst_case[-1] < 0.8 * clean


def test_a_very_large_eps_leaves_at_most_chance(trained: SmallNet, digits: Digits) -> None:
    curve = measure(trained, *digits, (0, 64, 128)).curve
    assert curve.worst_case[-1] < 0.1


def test_the_size_of_the_batches_changes_nothing(trained: SmallNet, digits: Digits) -> None:
    images, labels = digits[0][500:550], digits[1][500:550]
    whole, single = (measure(trained, images, labels, batch_size=b).curve for b in (50, 1))
    assert whole.accuracy == single.accuracy


def test_examples_are_clean_and_attacked_images_at_eight(trained: SmallNet, digits: Digits) -> None:
    images, labels = digits[0][:40], digits[1][:40]
    found = measure(trained, images, labels).examples
    assert found.eps_255 == 8 and found.clean_NHWC.dtype == np.uint8
    assert found.clean_NHWC.shape == found.attacked_NHWC.shape == (8, 16, 16, 3)
    known = {image.tobytes() for image in images}
    assert all(image.tobytes() in known for image in found.clean_NHWC)
    moved = np.abs(found.attacked_NHWC - found.clean_NHWC / 255.0)
    assert 0 < moved.max() <= 8 / 255 + 1e-6
    attacked = torch.from_numpy(found.attacked_NHWC).permute(0, 3, 1, 2)
    predicted_N = trained(attacked).argmax(1).numpy()
    assert (found.attacked_predicted_N == predicted_N).all()


@pytest.mark.parametrize("eps_255", [(), (1, 2), (0, 2, 2), (0, 4, 2), (0, float("nan"))])
def test_epsilons_ascend_from_zero(eps_255: tuple[float, ...], digits: Digits) -> None:
    with pytest.raises(UsageError, match="ascend from 0"):
        measure(SmallNet(), digits[0][:4], digits[1][:4], eps_255)


def test_attacks_are_found_by_name() -> None:
    assert ATTACKS.get("fgsm") is FGSM
    with pytest.raises(UnknownNameError, match="fgsm"):
        ATTACKS.get("fgms")
