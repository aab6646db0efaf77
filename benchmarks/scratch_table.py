"""A small net trained from scratch on real CIFAR-10 for every point of a grid.

    python benchmarks/scratch_table.py

96 configurations x 2 splits: 2,000 labels, 2,000 validation images of the official training set at
32 px, 9 epochs. The learning rate is constant after a warm-up of half an epoch, so that an epoch of
a long run is what a short run would have given, and trials may be compared between epochs. Three
convolutions of 16, 32 and 64 channels, BatchNorm, SGD with Nesterov momentum; bfloat16 autocast,
channels_last. About 20 CPU minutes on one thread.
"""

from __future__ import annotations

import itertools
import time
from functools import partial

import numpy as np
import torch
from quality_table import METRICS, Part, ResultTable, part, stacked, tables_folder
from torch import nn
from torch.nn import functional

from trainables.data import load
from trainables.splits import SplitSizes, make_splits

NAME = "scratch"
LABELS, HELD_OUT, SPLITS = 2000, 2000, 2
EPOCHS = 9
LEVELS = {
    "lr": tuple(float(f"{lr:.3g}") for lr in np.logspace(-2.5, 0.5, 8)),
    "weight_decay": (1e-4, 1e-3, 1e-2),
    "batch_size": (32, 128),
    "augment": ("none", "flip_crop"),
}
_CHANNELS = 16
_PAD = 4  # pixels of the random crop


def scratch_table() -> ResultTable:
    """The table, built where it is not there yet."""
    folder = tables_folder(NAME)
    grid = list(itertools.product(*LEVELS.values()))
    shape = [len(values) for values in LEVELS.values()]
    splits = []
    for split in range(SPLITS):
        runs = stacked(
            (
                part(folder, f"split-{split}-point-{number}", partial(_train, split, *point))
                for number, point in enumerate(grid)
            ),
            axis=0,
        )
        splits.append({m: values.reshape(*shape, EPOCHS) for m, values in runs.items()})
    curves = stacked(splits, axis=0)
    # Nothing but the warm-up, which is over by then, depends on the number of epochs.
    short = {e: {m: curves[m][..., e - 1] for m in METRICS} for e in (1, 3)}
    return ResultTable(NAME, LEVELS, EPOCHS, curves, short)


def _train(split: int, lr: float, weight_decay: float, batch_size: int, augment: str) -> Part:
    """By metric [E]."""
    began = time.process_time()
    train, val = _images(split)
    torch.manual_seed(split)
    net = _net().to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(
        net.parameters(), lr=lr, momentum=0.9, nesterov=True, weight_decay=weight_decay
    )
    warm_up = LABELS // batch_size // 2  # steps
    steps, found = 0, []
    for _ in range(EPOCHS):
        net.train()
        for rows_B in torch.randperm(LABELS).split(batch_size):
            steps += 1
            optimiser.param_groups[0]["lr"] = lr * min(1.0, steps / warm_up)
            images_NCHW = train[0][rows_B]
            _step(net, optimiser, _augmented(images_NCHW, augment), train[1][rows_B])
        found.append(_measured(net, *val))
    seconds = time.process_time() - began
    print(f"split {split}, {lr}, {weight_decay}, {batch_size}, {augment}: {seconds:.1f} CPU s")
    return {m: np.array([each[m] for each in found], np.float32) for m in METRICS}


def _images(split: int) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Images NCHW, standardised, and labels: of training, of validation."""
    data = load("cifar10")
    cut = make_splits(data, SplitSizes(train=LABELS, val=HELD_OUT, robust=1), seed=split)
    parts = []
    for rows_N in (cut.train, cut.val):
        pixels_NCHW = torch.from_numpy(data.images_NHWC[rows_N].transpose(0, 3, 1, 2).copy())
        images_NCHW = pixels_NCHW.float().div(255).sub(0.47).div(0.25)
        labels_N = torch.from_numpy(np.asarray(data.labels_N)[rows_N].astype(np.int64))
        parts.append((images_NCHW.contiguous(memory_format=torch.channels_last), labels_N))
    return tuple(parts)


def _net() -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 3
    for channels in (_CHANNELS, 2 * _CHANNELS, 4 * _CHANNELS):
        convolution = nn.Conv2d(before, channels, 3, padding=1, bias=False)
        layers += [convolution, nn.BatchNorm2d(channels), nn.ReLU(), nn.MaxPool2d(2)]
        before = channels
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def _augmented(images_NCHW: torch.Tensor, how: str) -> torch.Tensor:
    """Flipped and shifted at random, the same shift for a batch."""
    if how == "none":
        return images_NCHW
    flips_N = torch.rand(len(images_NCHW)) < 0.5
    flipped_NCHW = torch.where(flips_N[:, None, None, None], images_NCHW.flip(3), images_NCHW)
    padded_NCHW = functional.pad(flipped_NCHW, (_PAD,) * 4)
    top, left = torch.randint(0, 2 * _PAD + 1, (2,)).tolist()
    return padded_NCHW[:, :, top : top + 32, left : left + 32]


def _step(
    net: nn.Module, optimiser: torch.optim.Optimizer, images: torch.Tensor, labels_N: torch.Tensor
) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        loss = functional.cross_entropy(net(images), labels_N)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def _measured(net: nn.Module, images: torch.Tensor, labels_N: torch.Tensor) -> dict[str, float]:
    net.eval()
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
        logits_NK = torch.cat([net(part) for part in images.split(500)]).float()
    right = (logits_NK.argmax(1) == labels_N).float().mean().item()
    return {"val_acc": right, "val_loss": functional.cross_entropy(logits_NK, labels_N).item()}


if __name__ == "__main__":
    torch.set_num_threads(1)
    table = scratch_table()
    print(f"{table.configs:,} configurations, best {table.best(0, 'val_acc'):.4f}")
