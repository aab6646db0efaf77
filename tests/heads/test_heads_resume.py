"""Heads that go on from a state end where heads that were never interrupted end, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from head_parts import CLASSES, Problem

from trainables.heads import HeadsEpoch, HeadSpec, train_heads

EPOCHS = 6


def _heads() -> list[HeadSpec]:
    """Their batches differ in number, so that one head rests while the other steps."""
    rng = np.random.default_rng(3)
    settings = [(200, 3e-3, 0.1, 0.5), (33, 1e-2, 0.0, 0.8), (90, 1e-3, 1.0, 0.0)]
    return [
        HeadSpec(rng.permutation(400)[:count], np.arange(300, 400), lr, decay, dropout, seed)
        for seed, (count, lr, decay, dropout) in enumerate(settings)
    ]


def _train(problem: Problem, **changes: Any) -> list[HeadsEpoch]:
    arguments = {"n_classes": CLASSES, "batch_size": 32, "epochs": EPOCHS, **changes}
    heads = arguments.pop("heads", None) or _heads()
    return list(train_heads(problem.features_NF, problem.labels_N, heads, **arguments))


def _sweep() -> list[HeadSpec]:
    """They differ in hyperparameters alone, and share their batches."""
    rows = np.random.default_rng(3).permutation(400)
    return [HeadSpec(rows[:90], rows[300:], lr, 0.1, seed=4) for lr in (1e-3, 3e-3, 1e-2)]


def _state_after(
    problem: Problem, epochs: int, heads: list[HeadSpec] | None = None
) -> dict[str, Any]:
    run = train_heads(
        problem.features_NF,
        problem.labels_N,
        heads or _heads(),
        n_classes=CLASSES,
        batch_size=32,
        epochs=EPOCHS,
    )
    for _ in range(epochs):
        state = next(run).state()
    next(run)  # what was handed out is a copy: further training does not change it
    run.close()
    return state


@pytest.mark.parametrize("heads", [_heads(), _sweep()], ids=["folds", "sweep"])
@pytest.mark.parametrize("epochs", [1, 3, EPOCHS - 1])
def test_going_on_is_never_having_stopped(
    problem: Problem, epochs: int, heads: list[HeadSpec]
) -> None:
    whole = _train(problem, heads=heads)
    rest = _train(problem, heads=heads, state=_state_after(problem, epochs, heads))
    assert [e.epoch for e in rest] == list(range(epochs + 1, EPOCHS + 1))
    for mine, theirs in zip(rest, whole[epochs:], strict=True):
        assert torch.equal(mine.weight_HKF, theirs.weight_HKF)
        assert torch.equal(mine.bias_HK, theirs.bias_HK)
        for name, values_H in theirs.metrics.items():
            assert np.array_equal(mine.metrics[name], values_H)


@pytest.mark.parametrize("accumulation", [2, 3, 32, 1000])
def test_a_batch_in_parts_is_the_whole_batch_to_rounding(
    problem: Problem, accumulation: int
) -> None:
    whole, parts = _train(problem)[-1], _train(problem, accumulation=accumulation)[-1]
    # The masks of the dropout are the same ones; 42 steps of float32 differ by their rounding.
    assert torch.allclose(parts.weight_HKF, whole.weight_HKF, rtol=0, atol=1e-5)
    assert torch.allclose(parts.bias_HK, whole.bias_HK, rtol=1e-5, atol=1e-5)
    assert np.allclose(parts.metrics["val_loss"], whole.metrics["val_loss"], atol=1e-5)


def test_parts_of_a_batch_are_no_smaller_batches(problem: Problem) -> None:
    """What the test above would not see if the tolerance were too wide."""
    whole, half = _train(problem)[-1], _train(problem, batch_size=16)[-1]
    assert not torch.allclose(half.weight_HKF, whole.weight_HKF, rtol=0, atol=1e-3)
