"""A small replay on real results: what `auto` and early stopping save against random search.

The table is made here: 448 linear heads on scikit-learn's digits, trained for 1, 3 and 9 epochs.
The large tables, and all samplers and pruners, are in `benchmarks/search_quality.py`.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from trainables.heads import HeadSpec, train_heads

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from quality_table import METRICS, ResultTable
from regret import regrets, share_of_epochs
from replayed_table import Arm, Problem, run_arm

SEEDS = 20
EPOCHS, SHORT = 9, (1, 3)
LEVELS = {
    "lr": tuple(np.logspace(-4, 0.5, 16).tolist()),
    "weight_decay": (1e-3, 1e-2, 1e-1, 1.0),
    "dropout": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6),
}
BASELINE = {"lr": LEVELS["lr"][6], "weight_decay": 1e-2, "dropout": 0.0}


@pytest.fixture(scope="module")
def table() -> ResultTable:
    """Validation figures of every point of the grid, on one split."""
    digits = load_digits()
    features, labels = (digits.data / 16).astype(np.float32), digits.target.astype(np.int64)
    order = np.random.default_rng(0).permutation(len(labels))
    train_N, val_M = order[:200], order[200:1200]
    heads = [
        HeadSpec(train_N, val_M, lr, decay, dropout, start="zeros")
        for lr, decay, dropout in itertools.product(*LEVELS.values())
    ]
    shape = (1, *(len(values) for values in LEVELS.values()))
    found = {}
    for epochs in (*SHORT, EPOCHS):
        by_epoch = [
            epoch.metrics
            for epoch in train_heads(
                features, labels, heads, n_classes=10, batch_size=50, epochs=epochs
            )
        ]
        found[epochs] = {
            m: np.stack([each[m] for each in by_epoch], 1).reshape(*shape, epochs) for m in METRICS
        }
    short = {e: {m: values[..., -1] for m, values in found[e].items()} for e in SHORT}
    return ResultTable("digits", LEVELS, EPOCHS, found[EPOCHS], short)


def test_auto_with_stopping_needs_half_of_randoms_epochs(table: ResultTable):
    logs = frozenset({"lr", "weight_decay"})
    problem = Problem("digits", lambda: table, logs, ("val_acc",), BASELINE, trials=40)
    arms = {
        "random": Arm("random", duplicates="run"),
        "auto": Arm("auto", "asha:first_rung=1", "runs", duplicates="run"),
    }
    found = {
        name: regrets(
            [run_arm(table, problem, arm, seed) for seed in range(SEEDS)],
            table,
            problem.objectives,
            problem.trials * EPOCHS,
        )
        for name, arm in arms.items()
    }
    share = share_of_epochs(found["auto"], found["random"])
    assert share.middle <= 0.5, share
    assert share.high <= 1.0, share
