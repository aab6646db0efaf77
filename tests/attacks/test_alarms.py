"""Signs of masked gradients: by hand, and on nets that are built to give each of them."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from attack_parts import SmallNet, ended, tensors
from torch import nn

from search_spaces.errors import UsageError
from trainables.attacks.alarms import (
    above_chance,
    black_box_wins,
    rises_with_eps,
    rises_with_steps,
    weaker_than_fgsm,
    zero_gradients,
)
from trainables.attacks.masking import MaskingReport, look_for_masking

Digits = tuple[np.ndarray, np.ndarray]


def _first(count: int, of: int = 50) -> np.ndarray:
    """The first `count` of 50 are right."""
    return np.arange(of) < count


# A sign test at 0.01: 7 against 0 has p = 0.0078, 6 against 0 has 0.016.
TABLE = [
    (zero_gradients(0.25), None, ""),
    (zero_gradients(0.6), 0.6, "60% of the gradient's pixels"),
    (rises_with_eps(np.stack([_first(50), _first(20), _first(27)]), (0, 2, 4)), 0.14,
     "from eps 2/255 to 4/255"),
    (rises_with_eps(np.stack([_first(50), _first(20), _first(26)]), (0, 2, 4)), None, ""),
    (rises_with_steps(np.stack([_first(20), _first(20), _first(27)]), (1, 5, 20)), 0.14,
     "fewer images in 20 steps than in 5"),
    (rises_with_steps(np.stack([_first(20), _first(26)]), (1, 5)), None, ""),
    (weaker_than_fgsm(_first(10), _first(17)), 0.14, "PGD leaves 34% of the images right"),
    (weaker_than_fgsm(_first(10), _first(16)), None, ""),
    (weaker_than_fgsm(_first(17), _first(10)), None, ""),
    (black_box_wins(_first(20), _first(17)), 0.06, "breaks 6% of the images"),
    (black_box_wins(_first(20), _first(18)), None, ""),  # 4 % of them
    (black_box_wins(_first(2, of=10), _first(0, of=10)), None, ""),  # 20 %, but two images
    (black_box_wins(_first(10), _first(40)), None, ""),
    # Of 50 guesses among ten, 11 or more are right once in 100 times (0.0094), 10 in 41.
    (above_chance(_first(11), 10, 127.5), 0.22, "where guessing gives 10%"),
    (above_chance(_first(10), 10, 127.5), None, ""),
    (above_chance(_first(0, of=0), 10, 127.5), None, ""),
]  # fmt: skip


@pytest.mark.parametrize(("alarm", "figure", "words"), TABLE)
def test_signs_by_hand(alarm: Any, figure: float | None, words: str) -> None:
    if figure is None:
        assert alarm is None
    else:
        assert alarm.figure == pytest.approx(figure) and words in alarm.words


class Around(nn.Module):
    """A net with something before and after it."""

    def __init__(self, net: nn.Module, before: Any = None, after: Any = None) -> None:
        super().__init__()
        self.net = net
        self.before = before or (lambda x: x)
        self.after = after or (lambda x: x)

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        return self.after(self.net(self.before(images_NCHW)))


class SteppedFeatures(nn.Module):
    """The net with a hidden layer that is rounded: right as before, and without a gradient."""

    def __init__(self, net: SmallNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.net.norm(self.net.conv(images_NCHW)))
        return self.net.head((x * 8).round().flatten(1) / 8)


class _TurnedOffTheGrid(torch.autograd.Function):
    """Forward nothing; backward the gradient is turned round where a pixel is no multiple of 1/255.

    So it leads up at a clean image and down everywhere else.
    """

    @staticmethod
    def forward(ctx: Any, images_NCHW: torch.Tensor) -> torch.Tensor:
        levels = images_NCHW * 255
        away_N = ((levels - levels.round()).abs().flatten(1).amax(1) > 1e-3).float()
        ctx.save_for_backward(1 - 2 * away_N)
        return images_NCHW.clone()

    @staticmethod
    def backward(ctx: Any, gradient_NCHW: torch.Tensor) -> torch.Tensor:
        (sign_N,) = ctx.saved_tensors
        return gradient_NCHW * sign_N[:, None, None, None]


def _snaps_back(known_NCHW: torch.Tensor) -> Any:
    """Anything further than 40/255 from every known image is taken for the nearest of them."""

    def before(images_NCHW: torch.Tensor) -> torch.Tensor:
        distance_NM = torch.cdist(images_NCHW.detach().flatten(1), known_NCHW.flatten(1))
        nearest_NCHW = known_NCHW[distance_NM.argmin(1)]
        far_N = (images_NCHW - nearest_NCHW).detach().abs().flatten(1).amax(1) > 40 / 255
        return torch.where(far_N[:, None, None, None], nearest_NCHW, images_NCHW)

    return before


@pytest.fixture(scope="module")
def small_digits(digits: Digits) -> Digits:
    return digits[0][:48], digits[1][:48]


def _look(
    net: nn.Module, digits: Digits, *, norm: str = "linf", eps_255: float = 33.5
) -> MaskingReport:
    """The digits are black and white: less than 33/255 changes little. No multiple of 1/255."""
    return ended(
        look_for_masking(net, *digits, norm=norm, eps_255=eps_255, queries=150, batch_size=48)
    )


@pytest.mark.parametrize(("norm", "eps_255"), [("linf", 33.5), ("l2", 400)])
def test_an_ordinary_net_raises_none(
    norm: str, eps_255: float, trained: SmallNet, small_digits: Digits
) -> None:
    found = _look(trained, small_digits, norm=norm, eps_255=eps_255)
    assert found.alarms == ()
    assert found.figures["pgd20_acc"] <= found.figures["fgsm_acc"] < found.figures["clean_acc"]
    assert found.figures["grey_acc"] == 0 and found.figures["count"] == 48
    assert 0 < found.passes < 48 * 400


def test_large_logits_raise_none(trained: SmallNet, small_digits: Digits) -> None:
    """A softmax that is saturated in float32 hides nothing from attacks on logits."""
    saturated = copy.deepcopy(trained)
    with torch.no_grad():
        saturated.head.weight *= 1e4
        saturated.head.bias *= 1e4
    assert _look(saturated, small_digits).alarms == ()


MASKING = {
    "quantised input": (
        lambda net, _: Around(net, before=lambda x: (x * 16).round() / 16),
        {"zero_gradients", "black_box_wins", "above_chance"},
    ),
    "saturated softmax": (
        lambda net, _: Around(net, after=lambda z: (1e4 * z).softmax(1)),
        {"zero_gradients", "above_chance"},
    ),
    "non-differentiable layer": (
        lambda net, _: SteppedFeatures(net),
        {"zero_gradients", "black_box_wins", "above_chance"},
    ),
    "gradient that turns round off the grid": (
        lambda net, _: Around(net, before=_TurnedOffTheGrid.apply),
        {"weaker_than_fgsm", "rises_with_steps", "black_box_wins", "above_chance"},
    ),
    "images that snap back": (
        lambda net, images: Around(net, before=_snaps_back(images)),
        {"rises_with_eps", "above_chance"},
    ),
}


@pytest.mark.parametrize("name", MASKING)
def test_a_net_that_is_built_to_mask_is_found_out(
    name: str, trained: SmallNet, small_digits: Digits
) -> None:
    make, expected = MASKING[name]
    net = make(trained, tensors(*small_digits)[0])
    found = _look(net, small_digits)
    assert expected <= {alarm.name for alarm in found.alarms}
    assert all(len(alarm.words) > 40 for alarm in found.alarms)


def test_a_net_that_has_nothing_right_raises_none(digits: Digits) -> None:
    class Wrong(nn.Module):
        def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
            return torch.eye(10)[torch.full((len(images_NCHW),), 9)] + 0 * images_NCHW.sum()

    zeros = digits[0][:16], np.zeros(16, dtype=np.int64)
    assert _look(Wrong(), zeros).alarms == ()


def test_no_images_are_refused(trained: SmallNet, digits: Digits) -> None:
    with pytest.raises(UsageError, match="at least one image"):
        _look(trained, (digits[0][:0], digits[1][:0]))
