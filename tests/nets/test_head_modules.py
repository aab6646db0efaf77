"""Heads on features: their formulas, their start, and that randomness comes from a generator."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn import functional

from search_spaces.errors import UnknownNameError
from trainables.head_modules import HEADS
from trainables.nets.dropout import use_generator


def head(name: str, *, dropout: float = 0.0, bias: bool = True, seed: int = 0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    return HEADS.get(name)(6, 4, dropout=dropout, bias=bias, generator=generator)


def features(count: int = 5) -> torch.Tensor:
    return torch.randn(count, 6, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", HEADS.names())
@pytest.mark.parametrize("bias", [True, False])
def test_features_to_logits_from_the_seed_alone(name: str, bias: bool) -> None:
    before = torch.random.get_rng_state()
    one, same, other = (head(name, bias=bias, seed=seed) for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one(features()).shape == (5, 4)
    assert torch.equal(one(features()), same(features()))
    assert not torch.equal(one(features()), other(features()))
    assert all(value.requires_grad for value in one.parameters())


@pytest.mark.parametrize("name", HEADS.names())
def test_features_are_dropped_in_training_alone(name: str) -> None:
    net = head(name, dropout=0.5)
    use_generator(net, torch.Generator().manual_seed(0))
    assert not torch.equal(net(features()), net(features()))
    net.eval()
    assert torch.equal(net(features()), net(features()))


def test_linear_is_weight_times_features_plus_bias() -> None:
    net = head("linear").eval()
    assert list(net.state_dict()) == ["classifier.weight", "classifier.bias"]
    nn.init.constant_(net.classifier.bias, 0.5)
    expected = features() @ net.classifier.weight.T + 0.5
    torch.testing.assert_close(net(features()), expected)


@pytest.mark.parametrize(("bias", "parameters"), [(True, 5130), (False, 5120)])
def test_a_linear_head_of_512_features(bias: bool, parameters: int) -> None:
    generator = torch.Generator().manual_seed(0)
    net = HEADS.get("linear")(512, 10, dropout=0.0, bias=bias, generator=generator)
    assert sum(value.numel() for value in net.parameters()) == parameters
    weight = net.classifier.weight
    assert weight.abs().max() <= 512**-0.5
    assert weight.std().item() == pytest.approx((3 * 512) ** -0.5, rel=0.05)


def test_mlp_is_two_layers_with_relu() -> None:
    net = head("mlp").eval()
    hidden = (features() @ net.hidden.weight.T + net.hidden.bias).relu()
    expected = hidden @ net.classifier.weight.T + net.classifier.bias
    torch.testing.assert_close(net(features()), expected)


def test_scaled_is_an_eighth_of_linear_and_learns_a_64th_as_fast() -> None:
    net, plain = head("scaled").eval(), head("linear").eval()
    torch.testing.assert_close(net(features()), plain(features()) / 8)  # of the same seed
    targets = torch.tensor([0, 1, 2, 3, 0])
    for each in (net, plain):
        nn.init.zeros_(each.classifier.weight)
        functional.cross_entropy(each(features()), targets).backward()
    first, other = net.classifier.weight.grad, plain.classifier.weight.grad
    torch.testing.assert_close(first, other / 8)  # and so what a step does to logits / 64


def test_cosine_gives_scaled_cosines() -> None:
    net = head("cosine").eval()
    weight = net.classifier.weight
    with torch.no_grad():
        net.classifier.scale.fill_(7.0)
    for n, feature in enumerate(features()):
        for k in range(4):
            cosine = functional.cosine_similarity(feature, weight[k], dim=0)
            assert net(features())[n, k].item() == pytest.approx(7 * cosine.item(), abs=1e-5)


def test_cosine_does_not_see_lengths() -> None:
    net = head("cosine").eval()
    logits = net(features())
    torch.testing.assert_close(net(features() * 100), logits)
    with torch.no_grad():
        net.classifier.weight.mul_(torch.tensor([[1.0], [2.0], [3.0], [4.0]]))
    torch.testing.assert_close(net(features()), logits)
    assert net(torch.zeros(1, 6)).isfinite().all()


def test_an_unknown_head_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'cosine'"):
        HEADS.get("cosin")


def test_naming_them_imports_no_torch() -> None:
    script = (
        "import sys; from trainables.head_modules import HEADS; HEADS.names();"
        "print('torch' in sys.modules)"
    )
    asked = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert asked.stdout.strip() == "False", asked.stderr
