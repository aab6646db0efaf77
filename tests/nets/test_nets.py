"""Nets from scratch: their layers against the papers' tables and torchvision's own."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torchvision.models import resnet18, vgg16_bn

from trainables.nets.dropout import Dropout, use_generator
from trainables.nets.mini_vgg import mini_vgg
from trainables.nets.mlp import mlp
from trainables.nets.resnet9 import resnet9
from trainables.nets.resnet18_cifar import resnet18_cifar

NETS = {"resnet9": resnet9, "resnet18_cifar": resnet18_cifar, "mini_vgg": mini_vgg, "mlp": mlp}


def convolutions(net: nn.Module) -> list[tuple[int, int]]:
    return [
        (layer.in_channels, layer.out_channels)
        for layer in net.modules()
        if isinstance(layer, nn.Conv2d) and layer.kernel_size == (3, 3)
    ]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(size: int = 32, count: int = 2) -> torch.Tensor:
    return torch.rand(count, 3, size, size, generator=generator())


def test_resnet9_is_reference_bs() -> None:
    net = resnet9()
    assert convolutions(net) == [
        *[(3, 64), (64, 128), (128, 128), (128, 128)],
        *[(128, 256), (256, 512), (512, 512), (512, 512)],
    ]
    assert sum(value.numel() for value in net.parameters()) + 512 * 10 == 6_573_120
    assert not any(layer.bias is not None for layer in net.modules() if type(layer) is nn.Conv2d)


def test_resnet9_by_hand() -> None:
    """Its layers one by one, the last pool as 4 x 4."""
    net = resnet9().eval()
    f, halve = nn.functional, nn.MaxPool2d(2)
    convs = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d)]

    def block(number: int, maps: torch.Tensor) -> torch.Tensor:  # BatchNorm as it starts
        maps = f.conv2d(maps, convs[number].weight, padding=1) / (1 + 1e-5) ** 0.5
        return f.relu(maps)

    with torch.no_grad():
        maps = halve(block(1, block(0, images())))
        maps = maps + block(3, block(2, maps))
        maps = halve(block(5, halve(block(4, maps))))
        maps = maps + block(7, block(6, maps))
        expected = f.max_pool2d(maps, 4).flatten(1)
        torch.testing.assert_close(net(images()), expected)


def test_resnet18_cifar_is_torchvisions_but_for_stem_and_pool() -> None:
    ours, theirs = resnet18_cifar().eval(), resnet18(num_classes=10).eval()
    theirs.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    theirs.maxpool = nn.Identity()
    assert sum(value.numel() for value in theirs.parameters()) == 11_173_962
    theirs.fc = nn.Identity()
    theirs.load_state_dict(ours.state_dict())  # strict: the same names and shapes
    with torch.no_grad():
        assert torch.equal(ours(images()), theirs(images()))


def test_the_deepest_and_widest_mini_vgg_has_vgg16s_convolutions() -> None:
    with torch.device("meta"):
        ours, theirs = mini_vgg(depth=5, width=64), vgg16_bn().features
    assert convolutions(ours) == convolutions(theirs) and len(convolutions(ours)) == 13
    biases = sum(channels for _, channels in convolutions(theirs))  # that BatchNorm undoes
    counted = [sum(value.numel() for value in net.parameters()) for net in (ours, theirs)]
    assert counted[0] == counted[1] - biases


@pytest.mark.parametrize("depth", [1, 2, 3, 4, 5])
def test_mini_vgg_takes_every_size_that_its_stages_leave_a_pixel_of(depth: int) -> None:
    net = mini_vgg(depth=depth, width=4).eval()
    assert net(images(2**depth)).shape == (2, 4 * min(2 ** (depth - 1), 8))
    with pytest.raises(RuntimeError, match="too small"):
        net(images(2**depth - 1))


def test_mlp_is_linear_layers_with_relu() -> None:
    net = mlp(depth=3, width=20).eval()
    values = images().flatten(1)
    linears = [layer for layer in net.modules() if isinstance(layer, nn.Linear)]
    assert [layer.in_features for layer in linears] == [3072, 20, 20]
    for layer in linears:
        values = (values @ layer.weight.T + layer.bias).relu()
    torch.testing.assert_close(net(images()), values)


@pytest.mark.parametrize(
    ("name", "options", "blocks"),
    [
        ("resnet9", {}, 4),
        ("resnet18_cifar", {}, 4),
        ("mini_vgg", {"depth": 3}, 3),
        ("mlp", {"depth": 5, "width": 8}, 5),
    ],
)
def test_each_block_drops(name: str, options: dict, blocks: int) -> None:
    net = NETS[name](body_dropout=0.5, **options)
    assert sum(isinstance(layer, Dropout) for layer in net.modules()) == blocks
    use_generator(net, generator())
    net.train()
    first, second = net(images()), net(images())
    assert not torch.equal(first, second)
    use_generator(net, generator())
    assert torch.equal(net(images()), first)  # all of it comes from the generator
    net.eval()
    assert torch.equal(net(images()), net(images()))


@pytest.mark.parametrize("name", NETS)
def test_maps_keep_their_size_at_the_start(name: str) -> None:
    """He's start: what goes through neither fades nor explodes, in any depth of ours."""
    torch.manual_seed(0)
    net = NETS[name]().train()
    noise = torch.randn(16, 3, 32, 32, generator=generator())
    assert 0.1 < net(noise).square().mean().sqrt() < 10


@pytest.mark.parametrize("name", NETS)
def test_every_parameter_gets_a_gradient_in_channels_last_too(name: str) -> None:
    net = NETS[name]().double().train()
    other = copy.deepcopy(net).to(memory_format=torch.channels_last)
    images_NCHW = images().double()
    net(images_NCHW).sum().backward()
    other(images_NCHW.contiguous(memory_format=torch.channels_last)).sum().backward()
    for one, two in zip(net.parameters(), other.parameters(), strict=True):
        assert one.grad is not None and two.grad is not None
        torch.testing.assert_close(one.grad, two.grad)
        assert one.grad.any()
