"""The range test of whole trials, and `lr_factor`, which multiplies what it suggests."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from search_spaces.errors import InfeasibleTrial
from trainables.checkpoint import Checkpoint
from trainables.config import TrialConfig
from trainables.lr_range.of_trial import SweptTraining, range_test
from trainables.lr_range.own_lr import at_suggested_lr, range_key, shared_recipe
from trainables.lr_range.several import RangeTest
from trainables.lr_range.stored import RangeKey, remember
from trainables.lr_range.suggesting import read_sweep
from trainables.lr_range.sweep import Span
from trainables.net_parts import make_parts
from trainables.reports import EpochReport, Progress, TrialReport
from trainables.setup import prepare
from trainables.training import Training
from trainables.trial import train

LITE = "tf_efficientnet_lite0"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "home"))


def config(**changes: Any) -> TrialConfig:
    """Two batches an epoch of a net from scratch."""
    fields: dict[str, Any] = {
        "data": "digits", "train_size": 40, "val_size": 20, "robust_size": 4, "attack": "none",
        "backbone": "mini_vgg", "width": 8, "depth": 2, "tune": "all", "epochs": 3,
        "batch_size": 20, "precision": "float32", "input_size": 32, "weights": "random",
    }  # fmt: skip
    return TrialConfig(**{**fields, **changes})


def lite(**changes: Any) -> TrialConfig:
    """The same of a body whose head, or last stage, is trained."""
    return config(backbone=LITE, width=None, depth=None, **changes)


def drained(run: Any) -> tuple[Any, list[Any]]:
    """What a generator returns, and what it yielded."""
    yielded = []
    while True:
        try:
            yielded.append(next(run))
        except StopIteration as end:
            return end.value, yielded


def finished(this: TrialConfig) -> tuple[TrialReport, list[Any]]:
    """The last report, and the signs of life of range tests."""
    *others, report = train(this)
    assert isinstance(report, TrialReport)
    return report, [r for r in others if isinstance(r, Progress) and "range" in r.stage]


def key_of(this: TrialConfig) -> RangeKey:
    setup = prepare(this)
    return range_key(shared_recipe(this, setup), setup, Span())


def remember_flat(this: TrialConfig) -> None:
    """As if this trial's range test had found nothing."""
    lrs_S = np.geomspace(1e-7, 10, 100).tolist()
    remember(key_of(this), RangeTest((read_sweep(lrs_S, [2.3] * 100),)))


# What a range test makes of a trial


KINDS = {
    "from scratch": config(),
    "all, augmented": lite(tune="all"),
    "last, cached front": lite(tune="last", augment="none"),
    "head, the fast probe": lite(tune="head"),
    "head by SGD": lite(tune="head", optimiser="sgd", head="cosine"),
}


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(kind, marks=pytest.mark.slow if kind == "all, augmented" else ())
        for kind in KINDS
    ],
)
def test_a_sweep_starts_where_the_untrained_net_is_and_leaves_it_there(kind: str) -> None:
    this, setup = KINDS[kind], prepare(KINDS[kind])
    body = setup.body(this).module
    before = {name: tensor.clone() for name, tensor in body.state_dict().items()}
    drawn = torch.get_rng_state()
    found, told = drained(range_test(this, setup, Span(steps=12)))
    assert torch.equal(torch.get_rng_state(), drawn)
    assert setup.body(this).module is body
    assert all(torch.equal(before[name], tensor) for name, tensor in body.state_dict().items())
    (one,) = found.ranges
    assert one.lrs_S[0] == 1e-7
    assert one.losses_S[0] == pytest.approx(math.log(10), abs=0.8)  # ten classes, nothing learnt
    assert Progress("range test", 0, 12, unit="steps") in told


@pytest.mark.slow
def test_seeds_are_tests_of_their_own() -> None:
    this, span = config(), Span(steps=20)
    alone, _ = drained(range_test(this, prepare(this), span))
    both, told = drained(range_test(this, prepare(this), span, seeds=2))
    second = this.replace(seed=1)
    other, _ = drained(range_test(second, prepare(second), span))
    assert both.ranges == alone.ranges + other.ranges
    assert alone.ranges != other.ranges
    assert told[-1].total == 40


def test_body_and_head_move_together_and_every_image_is_met_once_an_epoch() -> None:
    this = config(lr=1e-3, body_lr=2e-4)
    training = Training(make_parts(this, prepare(this), None).task)
    met: list[list[int]] = []
    step_at = training.step_at

    def watched(factor: float, rows_B: Any) -> Any:
        met.append(rows_B.tolist())
        return step_at(factor, rows_B)

    training.step_at = watched  # type: ignore[method-assign]
    swept = SweptTraining(training)
    for lr in (1e-5, 0.5, 0.5, 0.5):
        swept.set_lr(lr)
        swept.step()
        rates = sorted({group["lr"] for group in training.optimiser.param_groups})
        assert rates == pytest.approx([0.2 * lr, lr])
    assert sorted(met[0] + met[1]) == sorted(met[2] + met[3]) == list(range(40))
    assert training.epoch == 1


# lr_factor


def test_a_trial_trains_at_its_multiple_as_if_that_had_been_set_by_hand() -> None:
    report, told = finished(config(lr_factor=0.5))
    assert told
    peak = report.metrics["lr_peak"]
    assert peak == pytest.approx(0.5 * report.metrics["lr_suggested"])
    by_hand, none_told = finished(config(lr=peak))
    assert not none_told and "lr_peak" not in by_hand.metrics
    assert report.history == by_hand.history
    assert np.array_equal(report.steps["lr"], by_hand.steps["lr"])
    for name, array in by_hand.weights.items():
        assert np.array_equal(array, report.weights[name]), name


def test_the_second_trial_takes_the_suggestion_of_the_first() -> None:
    whole, told = finished(config(lr_factor=1.0))
    half, told_again = finished(config(lr_factor=0.5, weight_decay=0.1, dropout=0.4, epochs=2))
    assert told and not told_again
    assert half.metrics["lr_suggested"] == whole.metrics["lr_suggested"]
    assert half.metrics["lr_peak"] == whole.metrics["lr_peak"] / 2


@pytest.mark.parametrize(
    "kind",
    ["head, the fast probe", pytest.param("last, cached front", marks=pytest.mark.slow)],
)
def test_heads_and_last_stages_have_a_suggestion_too(kind: str) -> None:
    report, told = finished(
        KINDS[kind].replace(lr_factor=1.0, head_start="zeros", epochs=1, batch_size=8)
    )
    assert told
    assert 1e-7 < report.metrics["lr_peak"] < 10


def test_it_goes_on_with_the_suggestion_that_it_began_with(tmp_path: Path) -> None:
    this = config(lr_factor=1.0)
    whole, _ = finished(this)
    checkpoint = Checkpoint(tmp_path / "state", every=0)
    reports = train(this, checkpoint)
    while not isinstance(report := next(reports), EpochReport) or report.epoch < 2:
        pass
    checkpoint.save_on_close = True
    reports.close()
    remember_flat(this)  # another test by now, which would suggest nothing
    *others, last = train(this, Checkpoint(tmp_path / "state", every=0))
    assert [r.epoch for r in others if isinstance(r, EpochReport)] == [3]
    assert isinstance(last, TrialReport)
    assert last.metrics["lr_peak"] == whole.metrics["lr_peak"]
    assert last.history == whole.history


def test_without_a_suggestion_the_trial_is_infeasible_and_says_why() -> None:
    this = config(lr_factor=1.0)
    remember_flat(this)
    with pytest.raises(InfeasibleTrial, match=r"mini_vgg suggests nothing: the loss never falls"):
        list(train(this))


@pytest.mark.parametrize(
    ("changes", "suggested", "lr", "body_lr"),
    [
        ({"lr_factor": 2.0}, 0.25, 0.5, None),
        ({"lr_factor": 100.0}, 0.25, 10.0, None),  # the bound of lr
        ({"lr_factor": 2.0, "lr": 1e-2, "body_lr": 1e-3}, 0.25, 0.5, 0.05),  # a tenth stays one
        ({"lr_factor": 100.0, "lr": 1e-3, "body_lr": 1e-2}, 0.25, 10.0, 10.0),
    ],
)
def test_the_peak(
    changes: dict[str, float], suggested: float, lr: float, body_lr: float | None
) -> None:
    found = at_suggested_lr(config(**changes), suggested)
    assert found.lr == pytest.approx(lr)
    assert found.body_lr == (None if body_lr is None else pytest.approx(body_lr))


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"lr": 0.1}, True), ({"lr_factor": 3.0}, True), ({"epochs": 9}, True),
        ({"schedule": "onecycle"}, True), ({"weight_decay": 0.5}, True), ({"dropout": 0.7}, True),
        ({"ema": 0.9}, True), ({"attack": "fgsm"}, True), ({"accumulation": 2}, True),
        ({"threads": 1}, True), ({"seed": 1}, False), ({"split_seed": 1}, False),
        ({"train_size": 30}, False), ({"backbone": "mlp"}, False), ({"optimiser": "sgd"}, False),
        ({"batch_size": 10}, False), ({"head": "cosine"}, False), ({"augment": "none"}, False),
        ({"precision": "bfloat16"}, False), ({"input_size": 48}, False), ({"width": 4}, False),
        ({"momentum": 0.5}, False), ({"body_lr": 1e-3}, False), ({"clip_norm": 1.0}, False),
    ],
)  # fmt: skip
def test_trials_that_share_a_range_test(changes: dict[str, Any], same: bool) -> None:
    assert (key_of(config(**changes)) == key_of(config())) == same


@pytest.mark.needs("wheels")
def test_seeds_of_a_pretrained_body_share_one() -> None:
    one, other = (lite(weights="pretrained", seed=seed) for seed in (0, 1))
    assert key_of(one) == key_of(other)
