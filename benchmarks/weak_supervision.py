"""What unlabelled images are worth: weak supervision against the same labels alone.

    python benchmarks/weak_supervision.py

Features, splits and held-out images are those of `benchmarks/subset_strategies.py`: of each split's
8,000 images a balanced 100 are labelled, the others are the pool. Accuracy is that of the head on
4,000 images that no method saw. Each figure is kept under the home folder. The test set stays
closed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from machine import command, machine
from scipy import stats
from subset_strategies import RESULTS, Trials

from trainables import TrialConfig
from trainables.atomic import write_json
from trainables.data import load
from trainables.splits import Splits
from trainables.weak import WEAK, learn, parse_weak

ALONE = "none"


def figures(trials: Trials, text: str, labels: int, split: Splits) -> dict[str, float]:
    """Held-out accuracy in per cent, pseudo-labels used and right, seconds."""
    path = trials.folder / f"weak-{text.replace(':', '-')}-{labels}-{split.seed}.json"
    if not path.exists():
        rows_N = split.unheld
        labelled_B = np.searchsorted(rows_N, split.train)
        began = time.monotonic()
        found = learn(
            parse_weak(text),
            trials.features_NF[rows_N],
            labelled_B,
            trials.labels_N[split.train],
            classes=10,
            seed=split.seed,
        )
        seconds = time.monotonic() - began
        said_M = found.head.logits(trials.features_NF[split.val]).argmax(axis=1)
        judged = found.judged(trials.labels_N[rows_N])
        accuracy = 100 * float((said_M == trials.labels_N[split.val]).mean())
        made = {"acc": accuracy, "used": judged.used, "right": judged.right, "seconds": seconds}
        write_json(path, made)
        print(text, labels, split.seed, made, flush=True)
    return dict(json.loads(path.read_text()))


def row(trials: Trials, text: str, labels: int) -> str:
    """One method's line of the table."""
    cuts = trials.cuts(labels)
    found = [figures(trials, text, labels, cut) for cut in cuts]
    alone = [figures(trials, ALONE, labels, cut) for cut in cuts]
    values_S = np.array([each["acc"] for each in found])
    paired_S = values_S - np.array([each["acc"] for each in alone])
    spread = stats.t.ppf(0.975, len(paired_S) - 1) * stats.sem(paired_S)
    mean = paired_S.mean()
    against = "" if text == ALONE else f"{mean:+.2f} ({mean - spread:+.2f} to {mean + spread:+.2f})"
    used = np.mean([each["used"] for each in found])
    right = 100 * sum(each["right"] for each in found) / max(1, sum(e["used"] for e in found))
    pseudo = f"{used:,.0f} | {right:.1f}" if used else "0 | "
    seconds = np.median([each["seconds"] for each in found])
    accuracy = f"{values_S.mean():.2f} ({values_S.std(ddof=1):.2f})"
    return f"| {text} | {labels} | {accuracy} | {against} | {pseudo} | {seconds:.1f} |"


def report(trials: Trials, names: Sequence[str], counts: Sequence[int]) -> str:
    """The result file."""
    rows = "\n".join(row(trials, name, labels) for labels in counts for name in names)
    config = trials.config
    return f"""# What unlabelled images are worth

Held-out accuracy in per cent, mean (sd) of {trials.splits} splits, and the paired difference to the
same labels alone in points (95 % t-interval of each difference by itself). {config.backbone} at
{config.input_size} px, frozen; a pool of 8,000 images, of which the labelled ones are a balanced
draw. Splits overlap, so their images are not independent. The test set was not opened.

| method | labels | accuracy | difference | pseudo-labels | of them right, % | seconds |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

How many were right is counted after training, and used for nothing. Seconds on a busy machine,
{torch.get_num_threads()} thread(s).

{machine("torch", "scikit-learn", "numpy")}

    {command()}
"""


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--input-size", type=int, default=224)
    parser.add_argument("--labels", type=int, nargs="+", default=[100])
    parser.add_argument("--splits", type=int, default=10)
    by_features = [name for name in WEAK if WEAK.get(name).label is not None]
    parser.add_argument("--methods", nargs="+", default=by_features)
    parser.add_argument("--out", type=Path, default=RESULTS / "weak_supervision.md")
    asked = parser.parse_args()
    config = TrialConfig(backbone=asked.backbone, input_size=asked.input_size)
    trials = Trials(config, load("cifar10"), asked.splits)
    text = report(trials, asked.methods, asked.labels)
    print(text)
    asked.out.write_text(text)


if __name__ == "__main__":
    main()
