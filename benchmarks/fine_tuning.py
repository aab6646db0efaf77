"""With 100 labels: is it worth training more than the head?

    python benchmarks/fine_tuning.py

tf_efficientnet_lite0 at 128 px on real CIFAR-10, 100 labelled training images, 1,000 validation
images of the official training set; the test split stays closed. `tune=last` and `tune=all` get
their learning rate and augmentation from a grid of four on a split of their own (seed 100), 20
epochs; `tune=head` has its defaults. Then each runs once on 5 fresh splits (seeds 0 to 4), and
differences are paired over them: mean, and 95 % interval by Student's t. About 40 minutes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from machine import machine
from scipy import stats

from trainables import TrialConfig, train
from trainables.atomic import write_json
from trainables.home import home

RESULT = Path(__file__).parent / "results" / "fine_tuning.md"
TUNING, FRESH = (100,), (0, 1, 2, 3, 4)
BASE: dict[str, Any] = {
    "backbone": "tf_efficientnet_lite0", "input_size": 128, "train_size": 100, "val_size": 1000,
    "attack": "none",
}  # fmt: skip
HEAD: dict[str, Any] = {"tune": "head"}
GRID = {
    tune: [
        {"tune": tune, "lr": lr, "body_lr": lr, "augment": augment, "batch_size": 16, "epochs": 20}
        for lr, augment in itertools.product((1e-4, 3e-4), ("none", "flip_crop"))
    ]
    for tune in ("last", "all")
}


def main() -> None:
    """Tunes, runs, compares, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    chosen = {"head": HEAD, **{tune: best_of(recipes) for tune, recipes in GRID.items()}}
    accuracies = {
        name: np.array([accuracy(recipe, seed) for seed in FRESH])
        for name, recipe in chosen.items()
    }
    text = report(chosen, accuracies)
    print(text)
    options.out.write_text(text)


def best_of(recipes: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """The recipe with the best mean over the tuning splits."""
    means = [np.mean([accuracy(recipe, seed) for seed in TUNING]) for recipe in recipes]
    return recipes[int(np.argmax(means))]


def accuracy(recipe: Mapping[str, Any], seed: int) -> float:
    """Validation accuracy of one trial; kept, so that a run that was cut off goes on."""
    config = TrialConfig(**{**BASE, **recipe, "split_seed": seed, "seed": seed})
    path = home() / "benchmarks" / "fine_tuning" / f"{config.digest}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        *_, last = train(config)
        write_json(path, {"val_acc": last.metrics["val_acc"]})
        print(
            recipe, seed, last.metrics["val_acc"], f"{time.monotonic() - began:.0f} s", flush=True
        )
    return float(json.loads(path.read_text())["val_acc"])


def report(chosen: Mapping[str, Mapping[str, Any]], found: Mapping[str, np.ndarray]) -> str:
    """The result file."""
    lines = [
        "| what trains | recipe | accuracy, % (5 splits) | minus `tune=head`, points (95 %) |",
        "| --- | --- | --- | --- |",
    ]
    for name, values in found.items():
        recipe = ", ".join(f"{k}={v}" for k, v in chosen[name].items() if k != "tune") or "defaults"
        against = "" if name == "head" else interval(100 * (values - found["head"]))
        listed = ", ".join(f"{100 * value:.1f}" for value in values)
        lines.append(f"| {name} | {recipe} | {100 * values.mean():.2f} ({listed}) | {against} |")
    last_all = interval(100 * (found["all"] - found["last"]))
    rows = "\n".join(lines)
    return f"""# With 100 labels: is it worth training more than the head?

tf_efficientnet_lite0 at 128 px, CIFAR-10, n = 5 splits, 1,000 validation images each (of one
accuracy the sampling error is about 1.4 points; differences are paired over images and splits).
How recipes were chosen is said in `benchmarks/fine_tuning.py`.

{rows}

`tune=all` minus `tune=last`: {last_all} points.

{torch.get_num_threads()} threads. {machine("torch", "timm")}

    python benchmarks/fine_tuning.py
"""


def interval(differences_S: np.ndarray) -> str:
    """Mean and 95 % interval by Student's t."""
    middle, error = differences_S.mean(), stats.sem(differences_S)
    low, high = stats.t.interval(0.95, len(differences_S) - 1, loc=middle, scale=error)
    return f"{middle:+.2f} ({low:+.2f} to {high:+.2f})"


if __name__ == "__main__":
    main()
