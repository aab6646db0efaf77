"""FGSM, and what must hold of any curve."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, measure

from search_spaces.errors import UnknownNameError, UsageError
from trainables.attacks import ATTACKS
from trainables.attacks.fgsm import FGSM

Digits = tuple[np.ndarray, np.ndarray]


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
