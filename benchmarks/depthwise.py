"""How much faster does a net train on a CPU whose depthwise convolutions run in float32?

    python benchmarks/depthwise.py

Three copies of the same net on the same 128 CIFAR-10 images (`tune=all`, batch 64, AdamW, flip and
crop, one thread as a trial has on 2 cores), an epoch of each in turn, the first round not counted:
all in float32, all in bfloat16 (autocast), and bfloat16 but for the depthwise convolutions. About
4 minutes.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from unittest import mock

import torch
from machine import machine
from train_passes import spread

from trainables import net_parts
from trainables.config import TrialConfig
from trainables.setup import prepare
from trainables.training import Training

RESULT = Path(__file__).parent / "results" / "depthwise.md"
CASES = (
    ("tf_efficientnet_lite0", 64), ("tf_efficientnet_lite0", 128), ("tf_efficientnet_lite2", 128),
)  # fmt: skip
IMAGES = 128


def main() -> None:
    """Measures every case, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    torch.set_num_threads(1)
    lines = [
        "# How much faster does a net train whose depthwise convolutions run in float32?\n",
        f"{IMAGES} CIFAR-10 images a round, n = {options.rounds}, one thread; images a second and "
        "ratios of the rounds, medians (lowest to highest).",
        "How it is measured is said in `benchmarks/depthwise.py`.\n",
        "| net | px | float32 | bfloat16 | bfloat16, depthwise in float32 | the last / bfloat16 |",
        "| --- | --- | --- | --- | --- | --- |",
        *(row(*case, options.rounds) for case in CASES),
        "",
        f"{machine('torch', 'timm')}\n",
        f"    python benchmarks/depthwise.py --rounds {options.rounds}\n",
    ]
    print("\n".join(lines))
    options.out.write_text("\n".join(lines))


def row(name: str, size: int, rounds: int) -> str:
    """A line of the table."""
    full, mixed = make(name, size, "float32"), make(name, size, "bfloat16")
    with mock.patch.object(net_parts, "depthwise_in_float32"):
        low = make(name, size, "bfloat16")
    speeds = [[speed(side) for side in (full, low, mixed)] for _ in range(rounds + 1)][1:]
    ratios = [mixed / low for _, low, mixed in speeds]
    cells = [spread(list(side)) for side in zip(*speeds, strict=True)] + [spread(ratios)]
    return f"| {name} | {size} | " + " | ".join(cells) + " |"


def make(name: str, size: int, precision: str) -> Training:
    """A training that has not begun."""
    config = TrialConfig.model_validate(
        {
            "backbone": name, "tune": "all", "input_size": size, "train_size": IMAGES,
            "val_size": 1, "robust_size": 1, "attack": "none", "epochs": 1000,
            "precision": precision,
        }
    )  # fmt: skip
    return Training(net_parts.make_parts(config, prepare(config), None).task)


def speed(training: Training) -> float:
    """Images a second of one epoch."""
    began = time.perf_counter()
    training.run_epoch(measured=False)
    return IMAGES / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
