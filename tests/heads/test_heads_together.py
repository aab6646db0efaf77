"""The batched training against training alone, and against plain torch."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch
from head_parts import CLASSES, Problem
from torch import nn
from torch.nn import functional

from search_spaces.errors import UsageError
from trainables.heads import HeadsEpoch, HeadSpec, train_heads
from trainables.heads.adamw import EPS
from trainables.heads.schedule import HEAD_SCHEDULE


def _train(
    problem: Problem,
    heads: Sequence[HeadSpec],
    *,
    epochs: int = 6,
    batch_size: int = 32,
    accumulation: int = 1,
) -> HeadsEpoch:
    *_, last = train_heads(
        problem.features_NF,
        problem.labels_N,
        heads,
        n_classes=CLASSES,
        batch_size=batch_size,
        epochs=epochs,
        accumulation=accumulation,
    )
    return last


def _folds() -> list[HeadSpec]:
    """Heads that differ in everything: rows, number of rows, and all hyperparameters."""
    settings: list[tuple[int, float, float, float, Any]] = [
        (200, 3e-3, 0.0, 0.0, "zeros"),
        (200, 3e-3, 0.1, 0.5, "ridge"),
        (130, 1e-2, 1.0, 0.2, "zeros"),
        (33, 1e-3, 0.0, 0.8, "ridge"),
        (7, 3e-2, 0.5, 0.0, "ridge"),
    ]
    rng = np.random.default_rng(1)
    heads = []
    for seed, (count, lr, decay, dropout, start) in enumerate(settings):
        order = rng.permutation(400)
        heads.append(HeadSpec(order[:count], order[300:], lr, decay, dropout, seed, start))
    return heads


def _sweep(*, dropout: float = 0.0) -> list[HeadSpec]:
    """Heads that differ in hyperparameters alone, so that they see the same batches."""
    order = np.random.default_rng(1).permutation(400)
    points = [(3e-3, 0.0, "zeros"), (1e-3, 0.1, "ridge"), (1e-2, 1.0, "zeros")]
    return [
        HeadSpec(order[:130], order[300:], lr, decay, dropout, 5, start)  # type: ignore[arg-type]
        for lr, decay, start in points
    ]


@pytest.mark.parametrize(
    ("heads", "accumulation"),
    [
        (_folds(), 1),
        (_folds(), 3),
        (_sweep(), 1),
        (_sweep(), 3),
        (_sweep(dropout=0.3), 1),
    ],
    ids=["folds", "folds in parts", "sweep", "sweep in parts", "sweep with dropout"],
)
def test_many_heads_at_once_equal_each_alone(
    problem: Problem, heads: list[HeadSpec], accumulation: int
) -> None:
    together = _train(problem, heads, accumulation=accumulation)
    for h, head in enumerate(heads):
        alone = _train(problem, [head], accumulation=accumulation)
        assert torch.allclose(together.weight_HKF[h], alone.weight_HKF[0], rtol=0, atol=1e-5)
        assert torch.allclose(together.bias_HK[h], alone.bias_HK[0], rtol=1e-5, atol=1e-5)
        for name, values in together.metrics.items():
            assert values[h] == pytest.approx(alone.metrics[name][0], abs=1e-5)


def test_many_heads_at_once_take_far_less_time(problem: Problem) -> None:
    heads = [
        HeadSpec(np.arange(200), np.arange(200, 400), 1e-3, 0.01, seed=seed) for seed in range(12)
    ]
    _train(problem, heads[:1], epochs=1)  # warm up
    started = time.process_time()
    _train(problem, heads, epochs=3)
    together = time.process_time() - started
    started = time.process_time()
    for head in heads:
        _train(problem, [head], epochs=3)
    assert time.process_time() - started > 3 * together  # about 8 times on an idle machine


def test_full_batches_follow_a_plain_torch_loop(problem: Problem) -> None:
    rows, epochs = np.arange(100), 12
    x_NF = torch.from_numpy(problem.features_NF[rows]).double()
    std_F = x_NF.std(0, correction=0)
    x_NF = (x_NF - x_NF.mean(0)) / (std_F * std_F.mean()).sqrt()
    y_N = torch.from_numpy(problem.labels_N[rows])
    layer = nn.Linear(x_NF.shape[1], CLASSES).double()
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    groups = [
        {"params": [layer.weight], "weight_decay": 0.3},
        {"params": [layer.bias], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, eps=EPS)
    for step in range(epochs):
        for group in optimiser.param_groups:
            group["lr"] = 0.02 * HEAD_SCHEDULE(step, epochs, 1)
        optimiser.zero_grad()
        functional.cross_entropy(layer(x_NF), y_N).backward()
        optimiser.step()
    head = HeadSpec(rows, rows, 0.02, 0.3, start="zeros")
    ours = _train(problem, [head], epochs=epochs, batch_size=100)
    raw_NF = torch.from_numpy(problem.features_NF[rows])
    logits_NK = raw_NF @ ours.weight_HKF[0].T + ours.bias_HK[0]
    expected_NK = layer(x_NF).detach().float()
    assert torch.allclose(logits_NK, expected_NK, atol=1e-4)
    loss = functional.cross_entropy(expected_NK, y_N).item()
    right = (expected_NK.argmax(1) == y_N).float().mean().item()
    assert ours.metrics["val_loss"][0] == pytest.approx(loss, abs=1e-4)
    assert ours.metrics["val_acc"][0] == ours.metrics["train_acc"][0] == pytest.approx(right)


def test_the_seed_decides_and_dropout_is_off_in_measurement(problem: Problem) -> None:
    def head(seed: int, dropout: float) -> HeadSpec:
        return HeadSpec(np.arange(100), np.arange(100, 400), 3e-3, 0.0, dropout, seed=seed)

    first, again, other = (_train(problem, [head(seed, 0.5)]) for seed in (0, 0, 1))
    assert torch.equal(first.weight_HKF, again.weight_HKF)
    assert not torch.equal(first.weight_HKF, other.weight_HKF)
    raw_NF = torch.from_numpy(problem.features_NF[:100])
    predicted_N = (raw_NF @ first.weight_HKF[0].T + first.bias_HK[0]).argmax(1).numpy()
    assert first.metrics["train_acc"][0] == (predicted_N == problem.labels_N[:100]).mean()


def test_a_head_that_diverges_names_its_step_and_spares_its_neighbours(problem: Problem) -> None:
    rows = np.arange(64)
    calm, wild = HeadSpec(rows, rows, 1e-3, 0.01), HeadSpec(rows, rows, 10.0, 10.0)
    # The wild head's weights grow by |1 - 10 * 10| a step: past 3e38 after some twenty.
    both = _train(problem, [calm, wild], epochs=40)
    assert both.bad_step_H[0] == -1 and 15 <= both.bad_step_H[1] < 80
    alone = _train(problem, [calm], epochs=40)
    assert torch.allclose(both.weight_HKF[0], alone.weight_HKF[0], atol=1e-5)


def test_only_every_so_many_epoch_is_measured_and_the_last(problem: Problem) -> None:
    def epochs(every: int) -> list[HeadsEpoch]:
        head = HeadSpec(np.arange(50), np.arange(50, 90), 1e-2, 0.0)
        run = train_heads(
            problem.features_NF,
            problem.labels_N,
            [head],
            n_classes=CLASSES,
            batch_size=32,
            epochs=7,
            every=every,
        )
        return list(run)

    all_of_them, some = epochs(1), epochs(3)
    assert [e.epoch for e in some] == [3, 6, 7]
    for e in some:
        assert torch.equal(e.weight_HKF, all_of_them[e.epoch - 1].weight_HKF)


def test_training_may_be_closed_after_any_epoch(problem: Problem) -> None:
    head = HeadSpec(np.arange(50), np.empty(0, dtype=np.int64), 1e-3, 0.0)
    run = train_heads(
        problem.features_NF, problem.labels_N, [head], n_classes=CLASSES, batch_size=32, epochs=9
    )
    first = next(run)
    kept = first.weight_HKF.clone()
    second = next(run)
    run.close()
    assert (first.epoch, second.epoch) == (1, 2)
    assert torch.equal(first.weight_HKF, kept)  # what was handed out is not trained on
    assert np.isnan(first.metrics["val_acc"][0])  # nothing to validate on


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "at least one training example"), ([0, 400], "must lie in 0..399"), ([-1], "must lie")],
)
def test_rows_that_are_not_there_are_refused(
    problem: Problem, rows: list[int], message: str
) -> None:
    head = HeadSpec(np.array(rows, dtype=np.int64), np.arange(3), 1e-3, 0.0)
    with pytest.raises(UsageError, match=message):
        _train(problem, [head])
