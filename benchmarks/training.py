"""Images a second in training: this loop, the usual one, and the arithmetic alone.

    python benchmarks/training.py

`resnet9`, `resnet18_cifar` and `mini_vgg` on real CIFAR-10 images with reference B's augmentation
and SGD, batch 512. In turn, in this process, so that all sides meet the same machine: our loop in
bfloat16 and float32; the usual loop (PIL transforms in a DataLoader with a worker a core, one
`.item()` a batch) in float32, and with bfloat16 autocast and channels_last; our net and optimiser
on a batch that lies ready, which is what no loop can beat. One epoch of each first, not counted.

Goals: at least 2.1 times the usual loop on resnet9, each side at its best (the usual one is what
the tutorials show); at least 90 % of the arithmetic alone. About 40 minutes.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from machine import machine
from torch.utils.flop_counter import FlopCounterMode
from training_loops import Bare, Ours, Setting, Usual, model_of

RESULT = Path(__file__).parent / "results" / "training.md"
NETS = ("resnet9", "resnet18_cifar", "mini_vgg")
SIDES: dict[str, Callable[[Setting], object]] = {
    "ours": Ours,
    "usual": Usual,
    "usual, autocast": lambda setting: Usual(setting, low=True),
    "arithmetic alone": Bare,
}


def main() -> None:
    """Measures, prints and writes the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=1024, help="an epoch")
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--nets", nargs="+", choices=NETS, default=NETS)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    rate = matrix_rate()
    parts = [section(net, options, rate) for net in options.nets]
    text = whole(parts, options, rate)
    print(text)
    options.out.write_text(text)


def measured(setting: Setting, sides: Sequence[str], rounds: int) -> dict[str, list[float]]:
    """Images a second by side, one figure a round; and `parts` of our loop, printed."""
    made = {side: SIDES[side](setting) for side in sides}
    found: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side, loop in made.items():
            if isinstance(loop, Ours) and number == 1:
                loop.parts.clear()
            began = time.perf_counter()
            loop.epoch()  # type: ignore[attr-defined]
            if number:
                found[side].append(setting.images / (time.perf_counter() - began))
        print(setting.net, setting.precision, number, {s: v[-1:] for s, v in found.items()})
    ours = made["ours"]
    assert isinstance(ours, Ours)
    _parts[setting] = dict(ours.parts)
    return found


_parts: dict[Setting, dict[str, float]] = {}


def section(net: str, options: argparse.Namespace, rate: dict[str, float]) -> str:
    """The table of one net."""
    fast, slow = (
        Setting(net, precision, options.batch_size, options.images)
        for precision in ("bfloat16", "float32")
    )
    best = measured(fast, list(SIDES), options.rounds)
    same = measured(slow, ["ours", "usual", "arithmetic alone"], options.rounds)
    flops = flops_an_image(fast)
    lines = [
        f"## {net}\n",
        f"{flops / 1e9:.2f} GFLOP an image, forward and backward.\n",
        "| loop | precision | images/s | ours / this | of the machine's matrix products |",
        "| --- | --- | --- | --- | --- |",
    ]
    for setting, found in ((fast, best), (slow, same)):
        for side, values in found.items():
            of = "float32" if side == "usual" else setting.precision
            ours = best["ours"] if setting is fast else same["ours"]
            ratios = [mine / theirs for mine, theirs in zip(ours, values, strict=True)]
            share = statistics.median(values) * flops / rate[of]
            if side == "usual" and setting is fast:
                side = "usual, at its tutorials' best"
            lines.append(
                f"| {side} | {of} | {spread(values, 1)} | {spread(ratios, 2)} | {share:.0%} |"
            )
    return "\n".join(lines) + "\n\n" + shares(fast) + shares(slow)


def shares(setting: Setting) -> str:
    """Where our loop's time goes."""
    parts = _parts[setting]
    total = sum(parts.values())
    words = ", ".join(f"{name} {value / total:.1%}" for name, value in parts.items())
    return f"Our time in {setting.precision}: {words} (data: gathering and augmentation).\n\n"


def flops_an_image(setting: Setting) -> float:
    """Of a forward and a backward pass, counted by torch."""
    model = model_of(setting, "float32")
    with FlopCounterMode(display=False) as counter:
        model(torch.rand(2, 3, 32, 32)).sum().backward()
    return counter.get_total_flops() / 2


def matrix_rate(size: int = 4096) -> dict[str, float]:
    """FLOP a second of a square matrix product, best of 5, by precision."""
    found = {}
    for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16)):
        a, b = (torch.rand(size, size).to(dtype) for _ in range(2))
        seconds = []
        for _ in range(6):
            began = time.perf_counter()
            torch.mm(a, b)
            seconds.append(time.perf_counter() - began)
        found[name] = 2 * size**3 / min(seconds)
    return found


def whole(parts: Sequence[str], options: argparse.Namespace, rate: dict[str, float]) -> str:
    """The result file."""
    return f"""# Images a second in training

{options.images} CIFAR-10 images an epoch, batch {options.batch_size}, n = {options.rounds} epochs
of each side in turn after one that is not counted; median (lowest to highest), ratios of the same
round.
What is compared, and how, is said in `benchmarks/training.py`.

{chr(10).join(parts)}
A matrix product of {4096} x {4096}: {rate["bfloat16"] / 1e9:,.0f} GFLOP/s in bfloat16,
{rate["float32"] / 1e9:,.0f} in float32. {torch.get_num_threads()} threads.
{machine("torch", "torchvision")}

    python benchmarks/training.py --rounds {options.rounds}
"""


def spread(values: Sequence[float], digits: int) -> str:
    """Median and range."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    main()
