"""Frozen-head training on real CIFAR-10 for every point of a grid, on cached features.

    python benchmarks/heads_table.py

2,400 configurations x 3 splits: 300 labels, 2,000 validation images of the official training set,
tf_efficientnet_lite0 at 128 px. The head's learning rate is a cycle, so a short run is not the
beginning of a long one: runs of 1, 3, 9 and 27 epochs are all made, each complete, and of the last
one every epoch is kept. About 25 CPU minutes on one thread.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from quality_table import METRICS, Part, ResultTable, part, stacked, tables_folder

from trainables import TrialConfig
from trainables.backbones import find_weights, load_body
from trainables.data import ImageData, load
from trainables.driving import drive
from trainables.features import FeatureKey, cached_features, settle_precision
from trainables.heads import HeadSpec, train_heads
from trainables.splits import Splits, SplitSizes, make_splits

NAME = "heads"
CONFIG = TrialConfig(input_size=128)
LABELS, HELD_OUT, SPLITS = 300, 2000, 3
EPOCHS, SHORT = 27, (1, 3, 9)
LEVELS = {
    "lr": tuple(float(f"{lr:.3g}") for lr in np.logspace(-5, -1, 16)),
    "weight_decay": (1e-4, 1e-3, 1e-2, 1e-1, 1.0),
    "dropout": (0.0, 0.2, 0.4, 0.6, 0.8),
    "batch_size": (16, 64, 256),
    "head_start": ("ridge", "zeros"),
}
_AT_ONCE = 60  # heads in a stack; about as fast as any other number above 20


def heads_table() -> ResultTable:
    """The table, built where it is not there yet."""
    cut = _Cut()
    runs = {epochs: _runs(cut, epochs) for epochs in (*SHORT, EPOCHS)}
    short = {e: {m: values[..., -1] for m, values in runs[e].items()} for e in SHORT}
    return ResultTable(NAME, LEVELS, EPOCHS, runs[EPOCHS], short)


def _runs(cut: _Cut, epochs: int) -> Part:
    """By metric [S, ..., E] of all runs of so many epochs."""
    return stacked((_split_runs(cut, epochs, split) for split in range(SPLITS)), axis=0)


def _split_runs(cut: _Cut, epochs: int, split: int) -> Part:
    folder = tables_folder(NAME)
    parts = [
        part(
            folder,
            f"split-{split}-batch-{batch_size}-epochs-{epochs}",
            partial(_train, cut, split, batch_size, epochs),
        )
        for batch_size in LEVELS["batch_size"]
    ]
    return stacked(parts, axis=3)  # lr, weight_decay, dropout come before it


class _Cut:
    """Features, labels and splits; loaded when the first part is to be made."""

    def __init__(self) -> None:
        self._held: tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]] | None = None

    def __call__(self) -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
        """Features_RF, labels_R, and training and validation rows of each split."""
        if self._held is None:
            data = load("cifar10")
            sizes = SplitSizes(train=LABELS, val=HELD_OUT, robust=1)
            splits = [make_splits(data, sizes, seed=seed) for seed in range(SPLITS)]
            used_R = np.unique(np.concatenate([_images(split) for split in splits]))
            rows = [
                (np.searchsorted(used_R, split.train), np.searchsorted(used_R, split.val))
                for split in splits
            ]
            self._held = _features(data, used_R), np.asarray(data.labels_N)[used_R], rows
        return self._held


def _images(split: Splits) -> np.ndarray:
    return np.concatenate([split.train, split.val])


def _features(data: ImageData, used_R: np.ndarray) -> np.ndarray:
    key = FeatureKey(
        data_digest=data.digest,
        backbone=CONFIG.backbone,
        weights_digest=find_weights(CONFIG.backbone).digest,
        input_size=CONFIG.input_size or 0,
        resize=CONFIG.resize,
        precision=settle_precision(CONFIG.precision),
    )
    return drive(cached_features(data, used_R, lambda: load_body(CONFIG.backbone), key)).features_NF


def _train(cut: _Cut, split: int, batch_size: int, epochs: int) -> Part:
    """By metric [lr, weight_decay, dropout, head_start, E] of one split and batch size."""
    began = time.process_time()
    names = ("lr", "weight_decay", "dropout", "head_start")
    grid = list(itertools.product(*(LEVELS[name] for name in names)))
    found = [
        _train_some(cut, split, batch_size, epochs, grid[first : first + _AT_ONCE])
        for first in range(0, len(grid), _AT_ONCE)
    ]
    shape = [len(LEVELS[name]) for name in names]
    seconds = time.process_time() - began
    print(f"split {split}, batch {batch_size}, {epochs} epochs: {seconds:.0f} CPU s", flush=True)
    whole = {m: np.concatenate([each[m] for each in found]) for m in METRICS}
    return {m: values.reshape(*shape, epochs) for m, values in whole.items()}


def _train_some(
    cut: _Cut, split: int, batch_size: int, epochs: int, points: Sequence[tuple[float, ...]]
) -> Part:
    """By metric [points, E]."""
    features_RF, labels_R, rows = cut()
    train_N, val_M = rows[split]
    heads = [
        HeadSpec(train_N, val_M, lr, decay, dropout, seed=0, start=start)
        for lr, decay, dropout, start in points
    ]
    by_epoch = [
        epoch.metrics
        for epoch in train_heads(
            features_RF, labels_R, heads, n_classes=10, batch_size=batch_size, epochs=epochs
        )
    ]
    return {
        m: np.stack([metrics[m] for metrics in by_epoch], axis=1).astype(np.float32)
        for m in METRICS
    }


if __name__ == "__main__":
    torch.set_num_threads(1)
    table = heads_table()
    print(f"{table.configs:,} configurations, best {table.best(0, 'val_acc'):.4f}")
