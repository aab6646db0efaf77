"""What robustness adds to a search: 40 frozen-body trials with it, and the same trials without.

    python benchmarks/robustness_cost.py

Two searches in turn, the same trials on real CIFAR-10: `orchestrator search backbone_compare` over
one Lite backbone at 128 px, as people type it, and once more with `--set attack=none`; each in a
process and a folder of its own, start to end by the clock. Features are cached before the first
round. With robustness 256 images are attacked by FGSM at six epsilons, and what stands at 8/255 by
PGD in 10 steps.

Goal (issue 7): no longer than three times.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from machine import command, machine

RESULT = Path(__file__).parent / "results" / "robustness_cost.md"
SEARCH = ("backbone_compare", "--backbones", "tf_efficientnet_lite0", "--set", "input_size=128")
FIGURES = ("val_acc", "robust_acc", "pgd10_acc", "robust_score", "attack_seconds",
           "attack_passes", "second_passes")  # fmt: skip


def main() -> None:
    """Runs the rounds, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    run(2, "none")
    with_s, without_s, trials = [], [], []
    for number in range(asked.rounds):
        seconds, answer = run(asked.trials, "fgsm")
        with_s.append(seconds)
        trials += [each["metrics"] for each in answer["trials"] if each["state"] == "finished"]
        without_s.append(run(asked.trials, "none")[0])
        print(f"round {number + 1}: {with_s[-1]:.0f} s with, {without_s[-1]:.0f} s without")
    text = report(asked.trials, with_s, without_s, trials)
    print(text)
    asked.out.write_text(text)


def run(trials: int, attack: str) -> tuple[float, Mapping[str, Any]]:
    """Seconds of one search, and its `--json`."""
    line = [sys.executable, "-m", "orchestrator.cli", "search", *SEARCH, "--json"]
    line += ["--trials", str(trials), "--set", f"attack={attack}"]
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        ended = subprocess.run(line, cwd=folder, check=True, stdout=subprocess.PIPE, text=True)
        return time.monotonic() - began, json.loads(ended.stdout)


def report(
    count: int,
    with_s: Sequence[float],
    without_s: Sequence[float],
    trials: Sequence[Mapping[str, float]],
) -> str:
    """The table, in Markdown."""
    ratios = [a / b for a, b in zip(with_s, without_s, strict=True)]
    means = [
        f"| {name} | {statistics.mean(metrics[name] for metrics in trials):.4g} |"
        for name in FIGURES
        if all(name in metrics for metrics in trials)
    ]
    return "\n".join(
        [
            "# What robustness adds to a search\n",
            f"{count} trials, n = {len(ratios)} rounds, median (range).\n",
            "| | seconds |",
            "| --- | --- |",
            f"| with robustness | {spread(with_s)} |",
            f"| without | {spread(without_s)} |",
            f"| ratio | {spread(ratios)} |\n",
            f"Of a trial, the mean over {len(trials)}:\n",
            "| figure | mean |",
            "| --- | --- |",
            *means,
            "",
            machine("torch", "ray", "optuna"),
            "",
            f"    {command()}\n",
        ]
    )


def spread(values: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


if __name__ == "__main__":
    main()
