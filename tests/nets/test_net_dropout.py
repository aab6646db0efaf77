"""Dropout from a generator: how much is dropped, what is kept, and where it comes from."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from trainables.nets.dropout import Dropout, use_generator, with_own_dropout


def dropper(p: float, seed: int = 0) -> Dropout:
    layer = Dropout(p)
    use_generator(layer, torch.Generator().manual_seed(seed))
    return layer


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_share_is_dropped_and_the_rest_scaled(p: float, layout: torch.memory_format) -> None:
    values = torch.full((20, 10, 50, 50), 3.0).contiguous(memory_format=layout)
    dropped = dropper(p)(values)
    kept = dropped[dropped != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 3 / (1 - p)))
    share = 1 - len(kept) / values.numel()
    assert abs(share - p) < 5 * (p * (1 - p) / values.numel()) ** 0.5  # five standard errors
    assert dropped.is_contiguous(memory_format=layout)


def test_places_are_independent() -> None:
    """Neither in step with the channel nor with the place, in any of the four lanes of a word."""
    kept = dropper(0.5)(torch.ones(1000, 8, 4, 4)) != 0
    rates = kept.float().mean(0).flatten()
    assert rates.sub(0.5).abs().max() < 5 * 0.5 / 1000**0.5
    together = torch.corrcoef(kept.flatten(1).float().T).fill_diagonal_(0)
    assert together.abs().max() < 6 / 1000**0.5


@pytest.mark.parametrize("shape", [(3,), (5, 7), (2, 3, 5, 7)])
def test_any_shape_and_a_gradient(shape: tuple[int, ...]) -> None:
    values = torch.ones(shape, requires_grad=True)
    dropped = dropper(0.5)(values)
    dropped.sum().backward()
    assert values.grad is not None
    assert torch.equal(values.grad, dropped.detach())


def test_half_precision_keeps_its_type() -> None:
    assert dropper(0.5)(torch.ones(4, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_a_share_next_to_nothing_drops_next_to_nothing() -> None:
    assert bool((dropper(1e-9)(torch.ones(1000)) != 0).all())


def test_torchs_own_generator_is_left_alone_and_a_copied_state_repeats() -> None:
    layer = dropper(0.5, seed=3)
    state, before = layer.generator.get_state(), torch.random.get_rng_state()
    first = layer(torch.ones(100))
    assert not torch.equal(layer(torch.ones(100)), first)
    layer.generator.set_state(state)
    assert torch.equal(layer(torch.ones(100)), first)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_without_a_generator_it_does_not_train() -> None:
    layer = Dropout(0.5)
    with pytest.raises(RuntimeError, match="use_generator"):
        layer(torch.ones(3))
    assert torch.equal(layer.eval()(torch.ones(3)), torch.ones(3))
    assert torch.equal(Dropout(0)(torch.ones(3)), torch.ones(3))


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_a_share_below_one(p: float) -> None:
    with pytest.raises(ValueError, match="below 1"):
        Dropout(p)


def test_torchs_layers_are_replaced_wherever_they_are() -> None:
    net = nn.Sequential(nn.Linear(3, 3), nn.Sequential(nn.Dropout(0.3), nn.ReLU()), nn.Dropout2d())
    names = list(net.state_dict())
    own = with_own_dropout(copy.deepcopy(net))
    assert isinstance(own[1][0], Dropout) and own[1][0].p == 0.3
    assert list(own.state_dict()) == names
