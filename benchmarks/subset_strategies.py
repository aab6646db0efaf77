"""Which images to label: every subset strategy on the same splits of real CIFAR-10.

    python benchmarks/subset_strategies.py

A Lite backbone's cached features of the official training images 0 to 11,999; each split holds out
4,000 of them, and strategies choose 100, 250 and 1,000 from the other 8,000. What they chose trains
the default head, which is measured on what was held out. The test set stays closed. Every choice is
kept under the home folder, so that a run that was cut off goes on.

`--speed` instead measures the seconds that one choice takes from 50,000 images.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from heads_vs_logreg import ours
from machine import command, machine
from scipy import stats

from trainables import TrialConfig
from trainables.atomic import write_json
from trainables.backbones import find_weights, get_backbone, load_body
from trainables.data import ImageData, load
from trainables.driving import drive
from trainables.features import FeatureKey, cached_features, settle_precision
from trainables.home import home
from trainables.splits import Splits, SplitSizes, make_splits
from trainables.subsets import SUBSETS, choose, parse_subset
from trainables.subsets.hidden import HiddenLabels

RESULTS = Path(__file__).parent / "results"
IMAGES, HELD_OUT = 12_000, 4_000
AGAINST = "random"


def feature_key(config: TrialConfig, data: ImageData) -> FeatureKey:
    """Of the frozen body, as a trial of this config has it on this machine."""
    spec = get_backbone(config.backbone)
    return FeatureKey(
        data_digest=data.digest,
        backbone=config.backbone,
        weights_digest=find_weights(config.backbone).digest,
        input_size=config.input_size or spec.natural_size,
        resize=config.resize,
        precision=settle_precision(config.precision),
    )


def features_of(config: TrialConfig, data: ImageData) -> np.ndarray:
    """Features [IMAGES, F], through the cache."""
    run = cached_features(
        data, np.arange(IMAGES), lambda: load_body(config.backbone), feature_key(config, data)
    )
    return drive(run, lambda sign: print(sign.done, sign.total, flush=True)).features_NF


class Trials:
    """Choices and accuracies, each made once and kept."""

    def __init__(self, config: TrialConfig, data: ImageData, splits: int) -> None:
        self.config, self.data, self.splits = config, data, splits
        self._features_NF: np.ndarray | None = None
        self.labels_N = np.asarray(data.labels_N[:IMAGES])
        self.folder = home() / "benchmarks" / "subset_strategies" / feature_key(config, data).slug
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def features_NF(self) -> np.ndarray:
        """Read when they are needed first."""
        if self._features_NF is None:
            self._features_NF = features_of(self.config, self.data)
        return self._features_NF

    def choice(self, text: str, budget: int, split: Splits) -> dict[str, object]:
        """Rows of `features_NF`, labels seen, and the seconds that it took."""
        path = self.folder / f"{text.replace(':', '-')}-{budget}-{split.seed}.json"
        if not path.exists():
            rows_N = split.unheld
            began = time.monotonic()
            found = choose(
                parse_subset(text),
                self.features_NF[rows_N],
                HiddenLabels(self.labels_N),
                budget=budget,
                classes=10,
                seed=split.seed,
                places_N=rows_N,
            )
            seconds = time.monotonic() - began
            rows = rows_N[found.indices_B].tolist()
            write_json(path, {"rows": rows, "seen": found.labels_seen, "seconds": seconds})
        return dict(json.loads(path.read_text()))

    def accuracies(self, text: str, budget: int) -> np.ndarray:
        """Held-out accuracy of each split's head, in per cent; all heads as one batch."""
        path = self.folder / f"{text.replace(':', '-')}-{budget}-acc{self.splits}.json"
        if not path.exists():
            splits = [
                split.with_training(
                    np.array(self.choice(text, budget, split)["rows"]), self.data.digest
                )
                for split in self.cuts(budget)
            ]
            values = ours(self.config, self.features_NF, self.labels_N, splits)
            write_json(path, {"accuracies": values.tolist()})
            print(f"{text:>18} {budget:>5}  {values.mean():.2f}", flush=True)
        return np.array(json.loads(path.read_text())["accuracies"])

    def cuts(self, budget: int) -> list[Splits]:
        """The splits, the same held-out images for every budget and strategy."""
        first = ImageData(
            "first", self.data.classes, self.data.images_NHWC[:IMAGES], self.labels_N, 0, "0" * 16
        )
        sizes = SplitSizes(train=budget, val=HELD_OUT, robust=1)
        return [make_splits(first, sizes, seed=seed) for seed in range(self.splits)]


def row(trials: Trials, text: str, budgets: Sequence[int]) -> str:
    """One strategy's line of the table."""
    cells = []
    for budget in budgets:
        values_S = trials.accuracies(text, budget)
        paired_S = values_S - trials.accuracies(AGAINST, budget)
        cell = f"{values_S.mean():.2f} ({values_S.std(ddof=1):.2f})"
        if text != AGAINST:
            spread = stats.t.ppf(0.975, len(paired_S) - 1) * stats.sem(paired_S)
            mean = paired_S.mean()
            cell += f", {mean:+.2f} ({mean - spread:+.2f} to {mean + spread:+.2f})"
        cells.append(cell)
    largest = [trials.choice(text, budgets[-1], split) for split in trials.cuts(budgets[-1])]
    seconds = np.median([float(str(found["seconds"])) for found in largest])
    return f"| {text} | {' | '.join(cells)} | {int(str(largest[0]['seen'])):,} | {seconds:.1f} |"


def report(trials: Trials, names: Sequence[str], budgets: Sequence[int]) -> str:
    """The result file."""
    config = trials.config
    heads = " | ".join(f"{budget:,} labels" for budget in budgets)
    lines = [
        f"| strategy | {heads} | labels seen at {budgets[-1]:,} | seconds a choice |",
        f"| --- |{' --- |' * (len(budgets) + 2)}",
        *[row(trials, name, budgets) for name in names],
    ]
    table = "\n".join(lines)
    return f"""# Which images to label

Held-out accuracy in per cent, mean (sd) of {trials.splits} splits, and the paired difference to
`{AGAINST}` in points (95 % t-interval of each difference by itself, not of all at once).
{config.backbone} at {config.input_size} px, frozen, default head; how it is measured is said in
`benchmarks/subset_strategies.py`. Splits overlap, so their images are not independent. The test set
was not opened.

{table}

`labels seen`: different labels that the strategy and the training looked at. Where it is all 8,000,
the strategy saves nobody any labelling; it tells which images of a labelled set to keep. A choice
was timed on a busy machine, {torch.get_num_threads()} thread(s), from 8,000 images.

{machine("torch", "scikit-learn", "timm", "numpy")}

    {command()}
"""


def many_features(trials: Trials, count: int) -> tuple[np.ndarray, np.ndarray]:
    """`count` images' features: those that there are, again and again, with noise added."""
    rng = np.random.default_rng(0)
    real_NF = trials.features_NF
    rows_N = np.arange(count) % len(real_NF)
    many_NF = real_NF[rows_N]
    spread_F = 0.5 * real_NF.std(axis=0)
    many_NF += spread_F * rng.standard_normal(many_NF.shape, dtype=np.float32)
    return many_NF, trials.labels_N[rows_N]


def speeds(trials: Trials, names: Sequence[str], budget: int, count: int = 50_000) -> str:
    """Seconds of one choice of `budget` from `count` images by each strategy."""
    features_NF, labels_N = many_features(trials, count)
    lines = ["| strategy | seconds | CPU seconds |", "| --- | --- | --- |"]
    for text in names:
        began, cpu = time.perf_counter(), time.process_time()
        choose(parse_subset(text), features_NF, labels_N, budget=budget, classes=10, seed=0)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        lines.append(f"| {text} | {wall:.1f} | {cpu:.1f} |")
        print(lines[-1], flush=True)
    table = "\n".join(lines)
    return f"""# Seconds of one choice

{budget:,} of {count:,} images, {features_NF.shape[1]:,} features each ({IMAGES:,} real images'
features repeated, with noise of half their deviation), {torch.get_num_threads()} thread(s);
of the active strategies all rounds, heads included: `margin:start=750,batch=50` is the whole of
reference A's active learning, 750 labels and five rounds of 50. One run, on a busy machine: the CPU
seconds say more than those of the clock.

{table}

{machine("torch", "scikit-learn", "numpy")}

    {command()}
"""


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--input-size", type=int, default=224)
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 250, 1000])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--strategies", nargs="+", default=list(SUBSETS))
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    config = TrialConfig(backbone=asked.backbone, input_size=asked.input_size)
    trials = Trials(config, load("cifar10"), asked.splits)
    if asked.speed:
        text = speeds(trials, asked.strategies, asked.labels[-1])
    else:
        text = report(trials, asked.strategies, asked.labels)
    name = "subset_speed.md" if asked.speed else "subset_strategies.md"
    print(text)
    (asked.out or RESULTS / name).write_text(text)


if __name__ == "__main__":
    main()
