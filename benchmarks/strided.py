"""An attack's gradient through a frozen Lite body: with and without the quick way back.

    python benchmarks/strided.py

tf_efficientnet_lite0 with its published weights at 128 px in bfloat16, a batch of 32 random images,
one thread. Both nets in turn, forward and back to the images, n rounds after one that is not
counted; `trainables/strided.py` says what is different.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from pathlib import Path

import torch
from machine import command, machine
from torch import nn

from trainables.backbones import load_body
from trainables.features.inference import inference_copy

RESULT = Path(__file__).parent / "results" / "strided.md"
SIZE, BATCH = 128, 32


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    body = load_body("tf_efficientnet_lite0")
    quick = inference_copy(body.module, SIZE, "bfloat16")
    images = torch.rand(BATCH, 3, SIZE, SIZE).to(memory_format=torch.channels_last)
    rounds = [(seconds(without(quick), images), seconds(quick, images))
              for _ in range(asked.rounds + 1)][1:]  # fmt: skip
    before, now = zip(*rounds, strict=True)
    ratios = [a / b for a, b in rounds]
    text = "\n".join(
        [
            "# An attack's gradient through a frozen Lite body\n",
            f"A batch of {BATCH}, n = {asked.rounds}, median (range).\n",
            "| way back through strided depthwise convolutions | ms a batch, forward and back |",
            "| --- | --- |",
            f"| bfloat16 | {spread([1000 * each for each in before])} |",
            f"| float32 | {spread([1000 * each for each in now])} |",
            f"| ratio | {spread(ratios)} |\n",
            machine("torch", "timm"),
            "",
            f"    {command()}\n",
        ]
    )
    print(text)
    asked.out.write_text(text)


def without(quick: nn.Module) -> nn.Module:
    """The same net with the layers' own way back."""
    net = copy.deepcopy(quick)
    for module in net.modules():
        if type(module).__name__.startswith("Quick"):
            module.__class__ = type(module).__mro__[2]
    return net


def seconds(net: nn.Module, images: torch.Tensor) -> float:
    """Of one pass forward and one back to the images."""
    inputs = images.clone().requires_grad_(True)
    began = time.monotonic()
    with torch.autocast("cpu", torch.bfloat16):
        total = net(inputs).float().square().sum()
    torch.autograd.grad(total, inputs)
    return time.monotonic() - began


def spread(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
