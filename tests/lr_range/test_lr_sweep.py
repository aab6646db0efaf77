"""A sweep over a real net, and everything as it was afterwards, bit for bit."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables.lr_range.restoring import restoring
from trainables.lr_range.sweep import sweep


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
    options: dict[str, Any] = {"lr_min": 1e-6, "lr_max": 1.0, "steps": 121, **changes}
    return sweep(swept, **options), swept


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


class Drawing:
    """A loader with a state of its own and a generator."""

    def __init__(self) -> None:
        self.generator = torch.Generator().manual_seed(5)
        self.rng = np.random.default_rng(0)

    def state(self) -> Any:
        return self.rng.bit_generator.state

    def load_state(self, state: Any) -> None:
        self.rng.bit_generator.state = state

    def batch(self) -> tuple[torch.Tensor, torch.Tensor]:
        labels = torch.from_numpy(self.rng.integers(0, 3, 32))
        noise = torch.randn(32, 4, generator=self.generator)
        return functional.one_hot(labels, 4).float() + 0.1 * noise, labels


class Buffered(nn.Module):
    """A buffer that no state_dict holds, and one that a step replaces."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(()), persistent=False)
        self.register_buffer("replaced", torch.ones(2))
        self.register_buffer("nothing", None)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.seen += 1
            self.replaced = self.replaced * 2
        return x


class Real:
    """A net with BatchNorm and dropout, with an optimiser that has taken steps."""

    def __init__(self, kind: type[torch.optim.Optimizer], *, warm: int, fails_at: int = -1) -> None:
        torch.manual_seed(0)
        self.net = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.2), Buffered(),
            nn.Linear(8, 3),
        )  # fmt: skip
        momentum = {"momentum": 0.9} if kind is torch.optim.SGD else {}
        self.optimiser = kind(self.net.parameters(), lr=1e-3, **momentum)  # type: ignore[call-arg]
        self.loader, self.fails_at = Drawing(), -1
        for _ in range(warm):
            self.step()
        self.fails_at = fails_at

    def set_lr(self, lr: float) -> None:
        self.optimiser.param_groups[0]["lr"] = lr

    def step(self) -> torch.Tensor:
        if self.fails_at == 0:
            raise RuntimeError("out of memory")
        self.fails_at -= 1
        images, labels = self.loader.batch()
        loss = functional.cross_entropy(self.net(images), labels)
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()
        return loss

    def restoring(self) -> Any:
        return restoring(
            modules=[self.net], stateful=[self.optimiser], loaders=[self.loader],
            generators=[self.loader.generator],
        )  # fmt: skip

    def everything(self) -> dict[str, Any]:
        """All of it, as bytes and numbers."""
        tensors: dict[str, Any] = {
            **dict(self.net.named_parameters()), **dict(self.net.named_buffers()),
            **{f"grad {n}": p.grad for n, p in self.net.named_parameters()},
            "drawn": self.loader.generator.get_state(), "global": torch.get_rng_state(),
        }  # fmt: skip
        for index, state in self.optimiser.state_dict()["state"].items():
            tensors |= {f"{index} {key}": value for key, value in state.items()}
        values: dict[str, Any] = {
            name: None if t is None else t.detach().numpy().tobytes() for name, t in tensors.items()
        }
        values["groups"] = self.optimiser.state_dict()["param_groups"]
        values["loader"] = self.loader.state()
        values["flags"] = [m.training for m in self.net.modules()]
        values["required"] = [p.requires_grad for p in self.net.parameters()]
        return values


@pytest.mark.parametrize("warm", [0, 3])
@pytest.mark.parametrize("kind", [torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW])
def test_everything_is_bit_for_bit_as_it_was(kind: type[torch.optim.Optimizer], warm: int) -> None:
    real = Real(kind, warm=warm)
    real.net[1].eval()
    real.net[0].bias.requires_grad_(False)
    before = real.everything()
    with real.restoring():
        found = sweep(real, lr_min=1e-5, lr_max=1e3, steps=60)
        real.net.eval()
        real.net[0].bias.requires_grad_(True)
        moved = real.everything()
    assert real.everything() == before
    # And within, all of it had moved.
    for name in ("0.weight", "drawn", "global", "groups", "loader", "4.seen", "4.replaced"):
        assert moved[name] != before[name], name
    assert len(found.losses_S) >= 20


def test_also_when_the_sweep_raises() -> None:
    real = Real(torch.optim.Adam, warm=3, fails_at=7)
    before = real.everything()
    with pytest.raises(RuntimeError, match="out of memory"), real.restoring():
        sweep(real, lr_min=1e-5, lr_max=1.0, steps=60)
    assert real.everything() == before


def test_training_goes_on_as_if_there_had_been_no_sweep() -> None:
    with_sweep, without = (Real(torch.optim.AdamW, warm=2) for _ in range(2))
    torch.manual_seed(1)
    with with_sweep.restoring():
        sweep(with_sweep, lr_min=1e-5, lr_max=10.0, steps=40)
    losses = [with_sweep.step().item() for _ in range(5)]
    torch.manual_seed(1)
    assert losses == [without.step().item() for _ in range(5)]
    ours, theirs = with_sweep.everything(), without.everything()
    assert ours == theirs


def test_a_real_net_gets_a_learning_rate_that_trains_it() -> None:
    real = Real(torch.optim.Adam, warm=0)
    with real.restoring():
        found = sweep(real, lr_min=1e-6, lr_max=10.0, steps=100)
    lr = found.suggestion("steep").lr
    assert lr is not None and 1e-4 < lr < 1
    real.set_lr(lr)
    first = real.step().item()
    last = [real.step().item() for _ in range(60)][-1]
    assert last < 0.5 * first
