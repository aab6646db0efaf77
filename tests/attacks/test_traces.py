"""An attack leaves the model, and torch's global state, as it found them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from attack_parts import EPS_255, SmallNet, measure

from trainables.attacks.base import Attack, loss_gradient
from trainables.attacks.fgsm import FGSM
from trainables.attacks.robustness import measure_robustness
from trainables.attacks.traces import leaving_no_trace

Digits = tuple[np.ndarray, np.ndarray]


def _state(model: SmallNet) -> dict[str, Any]:
    return {
        "tensors": {name: value.clone() for name, value in model.state_dict().items()},
        "training": [module.training for module in model.modules()],
        "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
        "grad": [None if p.grad is None else p.grad.clone() for p in model.parameters()],
        "hooks": [len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules()],
        "random": torch.get_rng_state(),
        "threads": torch.get_num_threads(),
        "grad mode": torch.is_grad_enabled(),
    }


@pytest.fixture
def marked(trained: SmallNet) -> SmallNet:
    """In train mode but for one module, with a frozen parameter and a gradient waiting."""
    model = copy.deepcopy(trained).train()
    model.drop.eval()
    model.conv.bias.requires_grad_(False)
    model.head.bias.grad = torch.ones(10)
    return model


def _assert_same(before: dict[str, Any], after: dict[str, Any]) -> None:
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_nothing_is_left_after_a_whole_curve(marked: SmallNet, digits: Digits) -> None:
    before = _state(marked)
    measure(marked, digits[0][:64], digits[1][:64])
    _assert_same(before, _state(marked))


def test_nothing_is_left_between_batches_nor_by_closing_early(
    marked: SmallNet, digits: Digits
) -> None:
    before = _state(marked)
    images, labels = digits[0][:64], digits[1][:64]
    run = measure_robustness(marked, images, labels, FGSM(), EPS_255, provenance={}, batch_size=8)
    next(run)
    _assert_same(before, _state(marked))
    run.close()
    _assert_same(before, _state(marked))


def test_nothing_is_left_after_an_attack_that_misbehaves_and_fails(
    marked: SmallNet, digits: Digits
) -> None:
    class Rude(Attack):
        name = "rude"

        def __call__(self, model: Any, images01_NCHW: Any, *_: Any) -> Any:
            model.train()
            torch.rand(3)
            model(images01_NCHW)  # moves BatchNorm's statistics
            raise RuntimeError("no more")

    before = _state(marked)
    run = measure_robustness(marked, digits[0][:32], digits[1][:32], Rude(), EPS_255, provenance={})
    with pytest.raises(RuntimeError, match="no more"):
        list(run)
    _assert_same(before, _state(marked))


def test_the_model_is_in_eval_mode_and_frozen_inside(marked: SmallNet) -> None:
    with leaving_no_trace(marked):
        assert not any(module.training for module in marked.modules())
        assert not any(parameter.requires_grad for parameter in marked.parameters())


def test_the_gradient_is_that_of_each_image_alone(trained: SmallNet, digits: Digits) -> None:
    images = torch.from_numpy(digits[0][:4]).permute(0, 3, 1, 2).float() / 255
    labels = torch.from_numpy(digits[1][:4])
    together = loss_gradient(trained, images, labels)
    for i in range(4):
        alone = loss_gradient(trained, images[i : i + 1], labels[i : i + 1])
        assert torch.allclose(together[i], alone[0], atol=1e-6)
    # Its direction is that of cross-entropy's own gradient, taken where nothing is lost: in double.
    exact = copy.deepcopy(trained).double()
    pixels = images.double().requires_grad_(True)
    loss = torch.nn.functional.cross_entropy(exact(pixels), labels, reduction="sum")
    (expected,) = torch.autograd.grad(loss, pixels)
    for ours, theirs in zip(together.double(), expected, strict=True):
        assert torch.allclose(ours / ours.norm(), theirs / theirs.norm(), atol=1e-5)
