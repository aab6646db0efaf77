"""The way back through strided depthwise convolutions: the same net, a quicker gradient."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional

from trainables.strided import quick_gradients


class Padding(nn.Conv2d):
    """Pads in a forward pass of its own, as timm's layers do."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C, H', W']."""
        padded = functional.pad(images_NCHW, (0, 1, 0, 1))
        return functional.conv2d(padded, self.weight, self.bias, self.stride, 0, 1, self.groups)


def nets(kind: type[nn.Conv2d], stride: int = 2) -> tuple[nn.Module, nn.Module, nn.Module]:
    """In float32, in bfloat16, and that with the quick way back."""
    torch.manual_seed(0)
    padding = 1 if kind is nn.Conv2d else 0
    exact = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.ReLU(), kind(8, 8, 3, stride=stride, padding=padding, groups=8)
    ).requires_grad_(False)
    low = copy.deepcopy(exact).bfloat16()
    return exact, low, quick_gradients(copy.deepcopy(low))


def gradient(net: nn.Module, images_NCHW: torch.Tensor) -> torch.Tensor:
    inputs = images_NCHW.clone().requires_grad_(True)
    (found,) = torch.autograd.grad(net(inputs).float().square().sum(), inputs)
    return found.float()


@pytest.mark.parametrize("kind", [nn.Conv2d, Padding])
def test_same_outputs_and_a_gradient_as_near_as_before(kind: type[nn.Conv2d]) -> None:
    exact, low, quick = nets(kind)
    images = torch.rand(4, 3, 16, 16)
    assert torch.equal(quick(images.bfloat16()), low(images.bfloat16()))
    tracked = images.bfloat16().requires_grad_(True)
    assert torch.equal(quick(tracked), low(tracked))
    assert type(quick(tracked).grad_fn).__name__ == "_ThroughBackward"  # else it tests nothing
    true = gradient(exact, images)
    before, found = (gradient(net, images.bfloat16()) for net in (low, quick))
    assert (found - before).norm() < 0.05 * before.norm()
    assert (found - true).norm() < 1.2 * (before - true).norm() < 0.3 * true.norm()


def test_what_is_not_meant_stays_as_it_is() -> None:
    exact, low, quick = nets(nn.Conv2d)
    assert type(quick[0]) is nn.Conv2d  # not depthwise
    assert type(nets(nn.Conv2d, stride=1)[2][2]) is nn.Conv2d
    assert quick.state_dict().keys() == low.state_dict().keys()
    assert type(quick_gradients(quick)[2]).__mro__.count(type(quick[2])) == 1  # twice is once
    images = torch.rand(2, 3, 16, 16)
    again = quick_gradients(copy.deepcopy(exact))
    torch.testing.assert_close(gradient(again, images), gradient(exact, images))  # float32
    trains = copy.deepcopy(quick).requires_grad_(True)
    trains(images.bfloat16()).float().sum().backward()
    assert trains[2].weight.grad is not None
    copy.deepcopy(quick)(images.bfloat16())
