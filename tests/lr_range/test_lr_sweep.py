"""The sweep: its learning rates, when it ends, and how often the host waits."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables.driving import drive
from trainables.lr_range.sweep import Span, sweep


class Scripted:
    """Losses by a formula, and what the sweep asked for."""

    def __init__(self, loss: Callable[[float], float]) -> None:
        self.loss, self.rates = loss, []  # type: ignore[var-annotated]

    def set_lr(self, lr: float) -> None:
        self.rates.append(lr)

    def step(self) -> torch.Tensor:
        return torch.tensor(self.loss(self.rates[-1]), requires_grad=True)


def _sweep(loss: Callable[[float], float], **changes: Any) -> tuple[Any, Scripted]:
    swept = Scripted(loss)
    look_every = changes.pop("look_every", 20)
    span = Span(**{"lr_min": 1e-6, "lr_max": 1.0, "steps": 121, **changes})
    return drive(sweep(swept, span, look_every=look_every)), swept


def _logistic(lr: float) -> float:
    return 0.3 + 2 / (1 + (lr / 1e-3) ** 1.5)


def test_learning_rates_rise_by_one_factor_from_end_to_end() -> None:
    found, swept = _sweep(_logistic)
    assert swept.rates[0] == 1e-6 and swept.rates[-1] == pytest.approx(1.0)
    ratios = np.diff(np.log10(swept.rates))
    assert ratios == pytest.approx(np.full(120, 1 / 20))
    assert found.lrs_S == tuple(swept.rates) and found.stopped == ""
    steep = found.suggestion("steep").lr
    assert steep == pytest.approx(1e-3, rel=0.13)


@pytest.mark.parametrize(
    ("after", "word"), [(math.nan, "not finite"), (math.inf, "not finite"), (40.0, "4 times")]
)
def test_a_diverged_sweep_ends_within_the_next_look(after: float, word: str) -> None:
    def loss(lr: float) -> float:
        return _logistic(lr) if lr < 0.03 else after

    found, swept = _sweep(loss, look_every=5)
    # 0.03 lies between step 89 and 90; the rise to 40 is seen there or a step or two later.
    assert 91 <= len(swept.rates) <= 100
    assert len(found.losses_S) == len(found.lrs_S) == len(swept.rates)
    assert word in found.stopped
    assert found.suggestion("steep").lr == pytest.approx(1e-3, rel=0.13)


def test_an_early_spike_ends_no_sweep() -> None:
    steps = iter(range(121))
    found, swept = _sweep(lambda lr: 1e6 if next(steps) in (3, 4, 30) else _logistic(lr))
    assert len(swept.rates) == 121 and found.stopped == ""


@pytest.mark.parametrize(("steps", "looks"), [(100, 4), (90, 4), (25, 1)])
def test_losses_are_read_once_in_so_many_steps(
    steps: int, looks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    read = torch.Tensor.tolist
    monkeypatch.setattr(torch.Tensor, "tolist", lambda t: reads.append(len(t)) or read(t))
    _sweep(_logistic, steps=steps, look_every=25)
    assert len(reads) == looks and sum(reads) == steps


@pytest.mark.parametrize(
    "changes", [{"lr_min": 0.0}, {"lr_min": 1.0}, {"lr_max": math.inf}, {"steps": 3}]
)
def test_ranges_that_are_none(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        _sweep(_logistic, **changes)


def test_a_real_net_gets_a_learning_rate_that_trains_it() -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
    labels_N = torch.randint(0, 3, (96,))
    images_N = functional.one_hot(labels_N, 4).float() + 0.1 * torch.randn(96, 4)

    class Real:
        def __init__(self) -> None:
            self.net = copy.deepcopy(net)
            self.optimiser = torch.optim.Adam(self.net.parameters())

        def set_lr(self, lr: float) -> None:
            self.optimiser.param_groups[0]["lr"] = lr

        def step(self) -> torch.Tensor:
            loss = functional.cross_entropy(self.net(images_N), labels_N)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            return loss

    lr = drive(sweep(Real(), Span(lr_min=1e-6))).suggestion("steep").lr
    assert lr is not None and 1e-4 < lr < 1
    fresh = Real()
    fresh.set_lr(lr)
    losses = [fresh.step().item() for _ in range(61)]
    assert losses[-1] < 0.5 * losses[0]
