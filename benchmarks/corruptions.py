"""What it costs to make a corrupted image, by corruption.

    python benchmarks/corruptions.py

Milliseconds of processor time an image of 32 x 32 pixels, over all five severities, on the first
CIFAR-10 training images; a round takes all corruptions in turn, the first round is not counted.
`CORRUPTING_SECONDS` in `orchestrator/plan/workload.py` is the mean over all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from pathlib import Path

import numpy as np
from machine import machine

from trainables.corruptions import CORRUPTIONS, SEVERITIES
from trainables.corruptions.corruption import corrupted
from trainables.data import load

RESULT = Path(__file__).parent / "results" / "corruptions.md"


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=64)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    images_NHWC = np.asarray(load("cifar10").images_NHWC[: options.images])
    names = CORRUPTIONS.names()
    rounds = [
        [milliseconds(images_NHWC, name) for name in names] for _ in range(options.rounds + 1)
    ][1:]
    rows = [
        f"| {name} | {spread(found)} |"
        for name, found in zip(names, zip(*rounds, strict=True), strict=True)
    ]
    rows.append(f"| mean of all | {spread([statistics.mean(each) for each in rounds])} |")
    text = "\n".join(
        [
            "# What it costs to make a corrupted image\n",
            f"{options.images} CIFAR-10 images, all severities, processor time; n = "
            f"{options.rounds} rounds, median (range).\n",
            "| corruption | ms an image |",
            "| --- | --- |",
            *rows,
            "",
            machine("numpy", "scipy", "pillow"),
            "",
            f"    python benchmarks/corruptions.py --rounds {options.rounds}\n",
        ]
    )
    print(text)
    options.out.write_text(text)


def milliseconds(images_NHWC: np.ndarray, name: str) -> float:
    """Of processor time an image, the mean over the severities."""
    began = time.process_time()
    for severity in SEVERITIES:
        corrupted(images_NHWC, name, severity)
    return 1000 * (time.process_time() - began) / (len(SEVERITIES) * len(images_NHWC))


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.2f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    main()
