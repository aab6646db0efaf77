"""How much longer does it take to train on an image than to extract its features?

    python benchmarks/train_passes.py

The plan's time estimate rests on it. Real CIFAR-10 images, batch 64, one thread as a trial has on 2
cores, bfloat16 where the processor has it; extraction (resizing, the folded body, no gradients) and
training (`tune=all`, AdamW, flip and crop) in turn in this process, the first round not counted.
About 8 minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
import torch
from machine import machine

from trainables.backbones import load_body
from trainables.config import TrialConfig
from trainables.features.extract import Extractor
from trainables.net_parts import make_parts
from trainables.setup import TrialSetup, prepare
from trainables.training import Training

RESULT = Path(__file__).parent / "results" / "train_passes.md"
CASES = (
    ("resnet9", 32), ("resnet18_cifar", 32), ("mini_vgg", 32), ("mlp", 32),
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
    rows = [row(*case, options.rounds) for case in CASES]
    middle = statistics.median(ratio for _, ratio in rows)
    text = "\n".join(
        [
            "# How much longer does it take to train on an image than to extract its features?\n",
            f"{IMAGES} CIFAR-10 images a round, n = {options.rounds}, one thread; seconds and "
            "ratios are medians (lowest to highest).",
            "How it is measured is said in `benchmarks/train_passes.py`.\n",
            "| net | px | extraction, images/s | training, images/s | time of the last / first |",
            "| --- | --- | --- | --- | --- |",
            *(line for line, _ in rows),
            "",
            f"Median over the nets: {middle:.1f}. {machine('torch', 'timm')}\n",
            f"    python benchmarks/train_passes.py --rounds {options.rounds}\n",
        ]
    )
    print(text)
    options.out.write_text(text)


def row(name: str, size: int, rounds: int) -> tuple[str, float]:
    """A line of the table, and its ratio."""
    config = TrialConfig(
        backbone=name, tune="all", input_size=size, train_size=IMAGES, val_size=1, robust_size=1,
        attack="none", epochs=1000,
    )  # fmt: skip
    setup = prepare(config)
    training = Training(make_parts(config, setup, None).task)
    extractor = _extractor(config, setup)
    seconds: list[tuple[float, float]] = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        for _features in extractor.run(setup.data.images_NHWC, np.sort(setup.splits.train)):
            pass
        between = time.perf_counter()
        training.run_epoch(measured=False)
        seconds.append((between - began, time.perf_counter() - between))
    counted = seconds[1:]
    ratios = [train / extract for extract, train in counted]
    cells = [
        spread([IMAGES / extract for extract, _ in counted]),
        spread([IMAGES / train for _, train in counted]),
        spread(ratios),
    ]
    return f"| {name} | {size} | " + " | ".join(cells) + " |", statistics.median(ratios)


def _extractor(config: TrialConfig, setup: TrialSetup) -> Extractor:
    return Extractor(
        load_body(config.backbone),
        input_size=setup.key.input_size,
        resize=config.resize,
        precision=setup.key.precision,
        threads=1,
    )


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
