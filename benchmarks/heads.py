"""How many heads a second, trained as one batched computation and one at a time?

    python benchmarks/heads.py

64 linear heads with learning rates and weight decays of their own on the features of
tf_efficientnet_lite0 at 128 px (F = 1,280) of real CIFAR-10 images; 30 epochs, batch 64, held-out
loss and accuracy on 1,000 images after every epoch. Five sides in turn in one process, each with
all cores:

    usual   a DataLoader over the features, `nn.Linear`, `torch.optim.AdamW`, `.item()` a batch
    lean    the same modules on tensors in memory, one word to the host an epoch
    alone   `train_heads` with one head at a time
    apart   `train_heads` with all 64 at once, each with a seed and so with batches of its own
    stack   the same with one seed: they differ in hyperparameters alone, and share their batches

The sides that go one at a time train 8 of the 64 heads a round. The last column is the largest
difference of any held-out probability between `stack` and `alone`. About 15 minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from machine import machine
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from trainables.config import TrialConfig
from trainables.driving import drive
from trainables.heads import HeadSpec, train_heads
from trainables.inputs import cached_inputs
from trainables.setup import prepare

RESULT = Path(__file__).parent / "results" / "heads.md"
HEADS, ONE_BY_ONE, EPOCHS, BATCH, HELD_OUT, CLASSES = 64, 8, 30, 64, 1000, 10


class Case:
    """Features, labels and heads of one number of labels."""

    def __init__(self, labels: int) -> None:
        config = TrialConfig.model_validate(
            {
                "backbone": "tf_efficientnet_lite0", "input_size": 128, "train_size": labels,
                "val_size": HELD_OUT, "robust_size": 1, "attack": "none",
            }
        )  # fmt: skip
        setup = prepare(config)
        inputs_NF, _ = drive(cached_inputs(config, setup))
        assert inputs_NF is not None  # a frozen body has features
        self.features_NF = inputs_NF
        self.labels_N = np.asarray(setup.data.labels_N)[setup.rows_N].astype(np.int64)
        train_N = np.arange(len(setup.splits.train))
        val_M = np.arange(len(train_N), len(self.features_NF))
        rates = np.geomspace(1e-4, 1e-2, 8)
        decays = np.geomspace(1e-3, 1.0, 8)
        self.heads = [
            HeadSpec(train_N, val_M, lr, decay, seed=0, start="zeros")
            for lr in rates
            for decay in decays
        ]
        z_NF = self.features_NF - self.features_NF[train_N].mean(0)
        z_NF /= z_NF[train_N].std(0) + 1e-6
        self.x_NF, self.y_N = torch.from_numpy(z_NF).float(), torch.from_numpy(self.labels_N)
        self.train_N, self.val_M = torch.from_numpy(train_N), torch.from_numpy(val_M)

    def apart(self) -> list[HeadSpec]:
        """The same heads, each with a seed of its own."""
        return [replace(head, seed=number) for number, head in enumerate(self.heads)]

    def train(self, heads: list[HeadSpec]) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight [H, K, F] and bias [H, K] of the last epoch."""
        *_, last = train_heads(
            self.features_NF, self.labels_N, heads, n_classes=CLASSES, batch_size=BATCH,
            epochs=EPOCHS,
        )  # fmt: skip
        return last.weight_HKF, last.bias_HK

    def probabilities(self, weights: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        """[H, M, K] on the held-out images."""
        val_MF = torch.from_numpy(self.features_NF).float()[self.val_M]
        logits_HMK = torch.einsum("mf,hkf->hmk", val_MF, weights[0]) + weights[1][:, None]
        return logits_HMK.softmax(2)


def usual(case: Case, head: HeadSpec) -> None:
    """As most people train a linear probe."""
    linear, optimiser = started(case, head)
    train = TensorDataset(case.x_NF[case.train_N], case.y_N[case.train_N])
    val = TensorDataset(case.x_NF[case.val_M], case.y_N[case.val_M])
    loader = DataLoader(train, batch_size=BATCH, shuffle=True)
    held_out = DataLoader(val, batch_size=BATCH)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * len(loader))
    for _ in range(EPOCHS):
        total = 0.0
        for x_BF, y_B in loader:
            loss = functional.cross_entropy(linear(x_BF), y_B)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            cosine.step()
            total += loss.item()
        with torch.no_grad():
            for x_BF, y_B in held_out:
                logits_BK = linear(x_BF)
                total += functional.cross_entropy(logits_BK, y_B).item()
                total += (logits_BK.argmax(1) == y_B).sum().item()


def lean(case: Case, head: HeadSpec) -> None:
    """The same without what makes the usual loop slow."""
    linear, optimiser = started(case, head)
    steps = -(-len(case.train_N) // BATCH)
    cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, EPOCHS * steps)
    x_VF, y_V = case.x_NF[case.val_M], case.y_N[case.val_M]
    for _ in range(EPOCHS):
        for rows_B in torch.randperm(len(case.train_N)).split(BATCH):
            optimiser.zero_grad()
            functional.cross_entropy(linear(case.x_NF[rows_B]), case.y_N[rows_B]).backward()
            optimiser.step()
            cosine.step()
        with torch.no_grad():
            logits_VK = linear(x_VF)
            loss = functional.cross_entropy(logits_VK, y_V)
            torch.stack([loss, (logits_VK.argmax(1) == y_V).float().mean()]).tolist()


def started(case: Case, head: HeadSpec) -> tuple[nn.Linear, torch.optim.Optimizer]:
    """A head of zeros and its optimiser."""
    linear = nn.Linear(case.x_NF.shape[1], CLASSES)
    nn.init.zeros_(linear.weight)
    return linear, torch.optim.AdamW(
        linear.parameters(), lr=head.lr, weight_decay=head.weight_decay
    )


def main() -> None:
    """Measures both numbers of labels, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    lines = [
        "# Heads a second: one batched computation, and one at a time\n",
        f"{HEADS} heads, {EPOCHS} epochs, n = {options.rounds} rounds, the first one not counted; "
        "medians (lowest to highest).",
        "The sides are named in `benchmarks/heads.py`.\n",
        "| labels | usual, heads/s | lean | alone | apart | stack | stack / usual | stack / lean "
        "| stack / alone | stack / apart | largest difference |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(row(labels, options.rounds) for labels in (100, 1000)),
        "",
        f"{machine('torch')}\n",
        f"    python benchmarks/heads.py --rounds {options.rounds}\n",
    ]
    print("\n".join(lines))
    options.out.write_text("\n".join(lines))


def row(labels: int, rounds: int) -> str:
    """A line of the table."""
    case = Case(labels)
    some = case.heads[:: HEADS // ONE_BY_ONE]
    sides: list[Callable[[], object]] = [
        lambda: [usual(case, head) for head in some],
        lambda: [lean(case, head) for head in some],
        lambda: [case.train([head]) for head in some],
        lambda: case.train(case.apart()),
        lambda: case.train(case.heads),
    ]
    counts = (ONE_BY_ONE, ONE_BY_ONE, ONE_BY_ONE, HEADS, HEADS)
    speeds = [
        [count / seconds(side) for count, side in zip(counts, sides, strict=True)]
        for _ in range(rounds + 1)
    ][1:]
    by_side = list(zip(*speeds, strict=True))
    ratios = [[each[4] / each[other] for each in speeds] for other in range(4)]
    cells = [spread(side) for side in (*by_side, *ratios)]
    return f"| {labels:,} | " + " | ".join(cells) + f" | {difference(case):.1e} |"


def difference(case: Case) -> float:
    """Largest difference of a held-out probability of any head, in the stack and alone."""
    alone = [case.train([head]) for head in case.heads]
    together = case.probabilities(case.train(case.heads))
    own = torch.cat([case.probabilities(weights) for weights in alone])
    return float((together - own).abs().max())


def seconds(run: Callable[[], object]) -> float:
    """Wall seconds."""
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def spread(values: list[float] | tuple[float, ...]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
