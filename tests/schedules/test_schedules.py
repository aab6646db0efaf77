"""Schedules: torch's own at every step, and the figures of the reference recipe."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from search_spaces.errors import InfeasibleTrial, UnknownNameError, UsageError
from trainables.schedules import SCHEDULES
from trainables.schedules.cosine import Cosine
from trainables.schedules.onecycle import OneCycle

DEFAULTS: dict[str, Any] = {
    "epochs": 24, "warmup_share": 0.1, "peak_share": 0.25, "peak_epoch": None, "div_factor": 10.0,
    "final_div_factor": 1.0, "anneal": "linear", "cycle_momentum": False, "step_epochs": 30,
    "step_factor": 0.1,
}  # fmt: skip


def _make(name: str, **fields: Any) -> Any:
    return SCHEDULES.get(name)(SimpleNamespace(**{**DEFAULTS, **fields}))


def _torchs(make: Any, total: int, *, every: int = 1, lr: float = 1.0) -> tuple[Any, Any]:
    """Learning rate and beta1 at every step of torch's scheduler, stepped each `every` steps."""
    optimiser = torch.optim.Adam([torch.nn.Parameter(torch.zeros(1))], lr=lr, betas=(0.9, 0.999))
    scheduler = make(optimiser)
    rates, betas = [], []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that no optimiser step was made
        for step in range(total):
            rates.append(optimiser.param_groups[0]["lr"])
            betas.append(optimiser.param_groups[0]["betas"][0])
            if (step + 1) % every == 0 and step + 1 < total:
                scheduler.step()
    return rates, betas


@pytest.mark.parametrize("fields", [{"peak_epoch": 5}, {"peak_share": 5 / 24}])
def test_the_reference_cycle_of_98_by_24_steps(fields: dict[str, Any]) -> None:
    schedule = _make("onecycle", **fields)
    rates = [2.54e-3 * schedule(step, 98 * 24, 98) for step in range(98 * 24)]
    assert rates[0] == pytest.approx(2.54e-4, rel=1e-12)
    assert rates[2351] == pytest.approx(2.54e-4, rel=1e-12)
    assert rates[489] == pytest.approx(2.54e-3, rel=1e-12)
    assert max(rates) == rates[489]
    assert rates[488] < rates[489] > rates[490]


@pytest.mark.parametrize("anneal", ["linear", "cosine"])
@pytest.mark.parametrize(
    ("total", "share", "div", "final"),
    [(2352, 5 / 24, 10.0, 1.0), (100, 0.3, 25.0, 1e4), (37, 0.25, 4.0, 2.0), (10, 1.0, 10.0, 1.0)],
)
def test_one_cycle_is_torchs_at_every_step(
    anneal: str, total: int, share: float, div: float, final: float
) -> None:
    kind = {"linear": "linear", "cosine": "cos"}[anneal]
    rates, betas = _torchs(
        lambda optimiser: lr_scheduler.OneCycleLR(
            optimiser, 1.0, total_steps=total, pct_start=share, anneal_strategy=kind,
            div_factor=div, final_div_factor=final,
        ),
        total,
    )  # fmt: skip
    schedule = OneCycle(share, None, div, final, anneal, True)
    ours = [schedule(step, total, 1) for step in range(total)]
    momenta = [schedule.momentum(step, total, 1) for step in range(total)]
    assert ours == pytest.approx(rates, rel=1e-12)
    assert momenta == pytest.approx(betas, rel=1e-12)
    assert min(betas) < 0.86 and max(betas) == pytest.approx(0.95)


@pytest.mark.parametrize("name", ["constant", "cosine", "multistep", "onecycle"])
def test_momentum_is_left_alone_unless_asked(name: str) -> None:
    assert _make(name).momentum(3, 100, 10) is None


def test_cosine_without_warm_up_is_torchs() -> None:
    rates, _ = _torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=50), 50)
    schedule = _make("cosine", warmup_share=0.0)
    assert [schedule(step, 50, 5) for step in range(50)] == pytest.approx(rates, rel=1e-9)


@pytest.mark.parametrize(
    ("step", "factor"), [(0, 0.5), (1, 1.0), (2, 1.0), (11, 0.5), (19, 0.00760)]
)
def test_cosine_of_twenty_steps_with_a_tenth_of_warm_up(step: int, factor: float) -> None:
    # Two steps of warm-up, then (1 + cos(pi * k / 18)) / 2 for k = 0..17.
    assert _make("cosine")(step, 20, 1) == pytest.approx(factor, abs=5e-6)


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_cosine_of_one_step_is_the_peak(share: float) -> None:
    assert Cosine(share)(0, 1, 1) == 1.0


@pytest.mark.parametrize(("every", "factor"), [(30, 0.1), (7, 0.5), (200, 0.1)])
def test_multistep_is_torchs_over_a_hundred_epochs(every: int, factor: float) -> None:
    milestones = list(range(every, 100, every))
    rates, _ = _torchs(lambda o: lr_scheduler.MultiStepLR(o, milestones, factor), 1000, every=10)
    schedule = _make("multistep", step_epochs=every, step_factor=factor)
    assert [schedule(step, 1000, 10) for step in range(1000)] == pytest.approx(rates, rel=1e-9)


def test_constant_is_one() -> None:
    assert {_make("constant")(step, 10, 2) for step in range(10)} == {1.0}


@pytest.mark.parametrize(("total", "share"), [(1, 0.25), (1, 1.0), (3, 0.25), (2, 0.0)])
def test_a_rise_without_a_step_of_its_own_starts_at_the_peak(total: int, share: float) -> None:
    assert OneCycle(share, None, 10.0, 1.0, "linear", False)(0, total, 1) == 1.0


def test_a_peak_behind_the_run_is_infeasible_in_words() -> None:
    with pytest.raises(InfeasibleTrial, match=r"peak_epoch is 30, and there are 24 epochs"):
        _make("onecycle", peak_epoch=30)
    cycle = OneCycle(0.25, 5, 10.0, 1.0, "linear", False)
    with pytest.raises(InfeasibleTrial, match=r"peak_epoch is 5, and there are 4 epochs"):
        cycle(0, 40, 10)
    assert cycle(49, 50, 10) == 1.0  # a peak at the very end is within


def test_unknown_ways_to_anneal_and_names() -> None:
    with pytest.raises(UsageError, match="linear or cosine"):
        _make("onecycle", anneal="cos")
    with pytest.raises(UnknownNameError, match="onecycle"):
        SCHEDULES.get("one_cycle")
