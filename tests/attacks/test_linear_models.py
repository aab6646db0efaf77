"""Attacks against the closed form of a linear model of two classes, to the image."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import EPS_255, TwoClasses, measure

from trainables.attacks.making import make_attack

FOLLOW_GRADIENTS = ["fgsm", "pgd:steps=40", "pgd:steps=40,random_start=no", "apgd_ce", "apgd_t"]


def _case(images_NHWC: np.ndarray) -> tuple[TwoClasses, np.ndarray, np.ndarray, np.ndarray]:
    """A model, its weights, labels (a third of them by chance) and each image's margin."""
    rng = np.random.default_rng(0)
    weight_CHW = rng.normal(size=(3, 4, 4))
    score_N = (images_NHWC.transpose(0, 3, 1, 2) / 255 * weight_CHW).sum((1, 2, 3))
    bias = -float(np.median(score_N))
    labels_N = rng.permuted(score_N + bias > 0).astype(np.int64)
    labels_N[:200] = score_N[:200] + bias > 0
    model = TwoClasses(torch.tensor(weight_CHW, dtype=torch.float32), bias)
    margin_N = np.where(labels_N == 1, 1, -1) * (score_N + bias)
    return model, weight_CHW, labels_N, margin_N


@pytest.mark.parametrize("attack", FOLLOW_GRADIENTS)
def test_an_image_falls_exactly_where_its_margin_ends(attack: str) -> None:
    """L-infinity: the loss is the sum of |w_i| times the room that pixel i has."""
    images_NHWC = np.random.default_rng(1).integers(0, 256, (300, 4, 4, 3)).astype(np.uint8)
    images_NHWC[:, :2] = np.where(images_NHWC[:, :2] < 128, 0, 255)  # half of them cannot move on
    model, weight_CHW, labels_N, margin_N = _case(images_NHWC)
    found = measure(model, images_NHWC, labels_N, attack=make_attack(attack), batch_size=300)
    x_NCHW = images_NHWC.transpose(0, 3, 1, 2) / 255
    down_NCHW = np.where(labels_N == 1, -1, 1)[:, None, None, None] * np.sign(weight_CHW)
    room_NCHW = np.where(down_NCHW > 0, 1 - x_NCHW, x_NCHW)
    for e, eps_255 in enumerate(EPS_255):
        loss_N = (np.abs(weight_CHW) * np.minimum(eps_255 / 255, room_NCHW)).sum((1, 2, 3))
        assert np.abs(margin_N - loss_N).min() > 1e-5  # no image hangs on rounding
        robust_N = (margin_N > 0) & (margin_N > loss_N)
        np.testing.assert_array_equal(found.right_EN[e], robust_N)
        assert found.curve.accuracy[e] == found.curve.worst_case[e] == robust_N.mean()
    accuracy = found.curve.accuracy
    assert 0.1 < accuracy[5] < accuracy[1] < accuracy[0] < 0.9


@pytest.mark.parametrize("attack", FOLLOW_GRADIENTS)
def test_in_l2_an_image_falls_where_its_margin_ends(attack: str) -> None:
    """The loss is eps times the length of w, as long as no pixel reaches 0 or 1."""
    images_NHWC = np.random.default_rng(1).integers(100, 156, (300, 4, 4, 3)).astype(np.uint8)
    model, weight_CHW, labels_N, margin_N = _case(images_NHWC)
    separator = "," if ":" in attack else ":"
    made = make_attack(f"{attack}{separator}norm=l2")
    eps_255 = (0, 8, 32, 64)
    found = measure(model, images_NHWC, labels_N, eps_255, attack=made, batch_size=300)
    length = np.sqrt((weight_CHW**2).sum())
    assert 64 * np.abs(weight_CHW).max() / length < 100  # far from the ends of the range
    for e, eps in enumerate(eps_255):
        loss = eps / 255 * length
        assert np.abs(margin_N - loss).min() > 1e-4
        np.testing.assert_array_equal(found.right_EN[e], (margin_N > 0) & (margin_N > loss))
    assert found.curve.accuracy[-1] < 0.5 * found.curve.accuracy[0]


def test_square_needs_no_gradient_to_find_most_of_them() -> None:
    """Never below the closed form, and not far above."""
    images_NHWC = np.random.default_rng(1).integers(0, 256, (300, 4, 4, 3)).astype(np.uint8)
    model, _, labels_N, _ = _case(images_NHWC)
    made = make_attack("square:queries=400")
    found, exact = (
        measure(model, images_NHWC, labels_N, (0, 4, 8), attack=a, batch_size=300)
        for a in (made, make_attack("fgsm"))
    )
    assert not (exact.right_EN & ~found.right_EN).any()
    assert found.curve.accuracy[2] - exact.curve.accuracy[2] < 0.05
