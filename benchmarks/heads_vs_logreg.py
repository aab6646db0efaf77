"""The head's default recipe against scikit-learn's logistic regression on the same features.

    python benchmarks/heads_vs_logreg.py

Real CIFAR-10, a Lite backbone at 224 px, 100 and 1,000 labels, 10 splits of images 12,000 to 17,999
of the official training set. The recipe was chosen on images 0 to 11,999, so these are new to it.
The test set stays closed. About 3 minutes on two idle cores, once the features are cached 1.

Goal: the lower 95 % bound of the paired difference above -0.3 points, at both numbers of labels.
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from scipy import stats
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from trainables import TrialConfig
from trainables.backbones import find_weights, get_backbone, load_body
from trainables.data import ImageData, load
from trainables.features import FeatureKey, cached_features, settle_precision
from trainables.heads import HeadSpec, train_heads
from trainables.splits import Splits, SplitSizes, make_splits

RESULT = Path(__file__).parent / "results" / "heads_vs_logreg.md"
FIRST = 12_000  # images before it were used to choose the recipe
HELD_OUT = 4_000
GOAL = -0.3
# Its best lies within the grid in every split: see the table's column.
C_GRID = tuple(float(c) for c in np.logspace(-5, 2, 8))


@dataclass(frozen=True)
class Outcome:
    """Held-out accuracies in per cent, a value a split."""

    labels: int
    ours_S: np.ndarray
    theirs_S: np.ndarray
    chosen_C: tuple[float, ...]
    our_seconds: float  # all splits, trained as one batch
    their_seconds: float

    @property
    def difference(self) -> tuple[float, float, float]:
        """Mean paired difference, and the ends of its 95 % t-interval."""
        paired_S = self.ours_S - self.theirs_S
        spread = stats.t.ppf(0.975, len(paired_S) - 1) * stats.sem(paired_S)
        return paired_S.mean(), paired_S.mean() - spread, paired_S.mean() + spread


def features_of(config: TrialConfig, data: ImageData, images: int) -> np.ndarray:
    """Features_NF of `images` images from `FIRST` on, through the cache."""
    spec = get_backbone(config.backbone)
    key = FeatureKey(
        data_digest=data.digest,
        backbone=config.backbone,
        weights_digest=find_weights(config.backbone).digest,
        input_size=config.input_size or spec.natural_size,
        resize=config.resize,
        precision=settle_precision(config.precision),
    )
    rows_N = np.arange(FIRST, FIRST + images)
    run = cached_features(data, rows_N, lambda: load_body(config.backbone), key)
    while True:
        try:
            progress = next(run)
        except StopIteration as end:
            return end.value.features_NF
        print(f"{progress.stage} {progress.done}/{progress.total}", end="\r", flush=True)


def ours(
    config: TrialConfig, features_NF: np.ndarray, labels_N: np.ndarray, splits: Sequence[Splits]
) -> np.ndarray:
    """Accuracy of the default recipe in each split, all heads in one batch."""
    heads = [
        HeadSpec(
            train_N=split.train,
            val_M=split.val,
            lr=config.lr,
            weight_decay=config.weight_decay,
            dropout=config.dropout,
            seed=seed,
            start=config.head_start,
        )
        for seed, split in enumerate(splits)
    ]
    *_, last = train_heads(
        features_NF,
        labels_N,
        heads,
        n_classes=10,
        batch_size=config.batch_size,
        epochs=config.epochs,
        every=config.epochs,
    )
    return 100 * last.metrics["val_acc"]


def theirs(
    features_NF: np.ndarray, labels_N: np.ndarray, splits: Sequence[Splits]
) -> tuple[np.ndarray, tuple[float, ...]]:
    """Accuracy of logistic regression in each split, and the C that cross-validation chose."""
    accuracies, chosen = [], []
    for split in splits:
        pipeline = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        search = GridSearchCV(pipeline, {"logisticregression__C": C_GRID}, cv=3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            search.fit(features_NF[split.train], labels_N[split.train])
        accuracies.append(100 * search.score(features_NF[split.val], labels_N[split.val]))
        chosen.append(float(search.best_params_["logisticregression__C"]))
    return np.array(accuracies), tuple(chosen)


def compare(
    config: TrialConfig, data: ImageData, features_NF: np.ndarray, labels: int, count: int
) -> Outcome:
    """Both sides on the same `count` splits."""
    part = slice(FIRST, FIRST + len(features_NF))
    subset = dataclasses.replace(
        data, images_NHWC=data.images_NHWC[part], labels_N=data.labels_N[part], folder=None
    )
    sizes = SplitSizes(train=labels, val=HELD_OUT, robust=1)
    splits = [make_splits(subset, sizes, seed=seed) for seed in range(count)]
    labels_N = np.array(subset.labels_N)
    started = time.perf_counter()
    our_S = ours(config, features_NF, labels_N, splits)
    our_seconds = time.perf_counter() - started
    started = time.perf_counter()
    their_S, chosen = theirs(features_NF, labels_N, splits)
    return Outcome(labels, our_S, their_S, chosen, our_seconds, time.perf_counter() - started)


def table(outcomes: Sequence[Outcome]) -> str:
    """Markdown, a row for each number of labels."""
    lines = [
        "| labels | head, mean (sd) | logistic regression, mean (sd) | difference, points "
        "| 95 % interval | C chosen | seconds, 10 heads / 10 regressions |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for o in outcomes:
        mean, low, high = o.difference
        counts = ", ".join(f"{c:g} ({o.chosen_C.count(c)})" for c in sorted(set(o.chosen_C)))
        lines.append(
            f"| {o.labels:,} | {o.ours_S.mean():.2f} ({o.ours_S.std(ddof=1):.2f}) "
            f"| {o.theirs_S.mean():.2f} ({o.theirs_S.std(ddof=1):.2f}) | {mean:+.2f} "
            f"| {low:+.2f} to {high:+.2f} | {counts} "
            f"| {o.our_seconds:.1f} / {o.their_seconds:.1f} |"
        )
    return "\n".join(lines)


def processor() -> str:
    """The processor's name where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def report(config: TrialConfig, outcomes: Sequence[Outcome], splits: int, images: int) -> str:
    """The whole result file."""
    size = config.input_size or get_backbone(config.backbone).natural_size
    packages = ("torch", "scikit-learn", "timm", "numpy")
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    met = all(o.difference[1] > GOAL for o in outcomes)
    return f"""# The head against logistic regression

Held-out accuracy in per cent on the same features of real CIFAR-10: {config.backbone} at {size} px
({settle_precision(config.precision)}). {splits} splits of the official training images {FIRST:,} to
{FIRST + images - 1:,}, {HELD_OUT:,} of them held out in each; the recipe was chosen on images 0 to
{FIRST - 1:,} (an earlier one was measured on these images too, and rejected: -0.03 and
+0.27 points). The test set was not opened. Splits overlap, so their images are not independent.

{table(outcomes)}

Goal: lower end above {GOAL} points at each number of labels: {"met" if met else "NOT met"}.

- Head: TrialConfig's defaults (start {config.head_start}, lr {config.lr:g}, weight decay
  {config.weight_decay:g}, dropout {config.dropout:g}, batch {config.batch_size}, {config.epochs}
  epochs), the same for both numbers of labels; no figure of the held-out images was looked at.
- Logistic regression: StandardScaler + LogisticRegression, C of {len(C_GRID)} values from
  {C_GRID[0]:g} to {C_GRID[-1]:g} by 3-fold cross-validation on the training labels.
- {processor()}, {torch.get_num_threads()} torch threads; Python {platform.python_version()},
  {versions}.
- Command: `python benchmarks/heads_vs_logreg.py --backbone {config.backbone} --input-size {size}`
"""


def main() -> None:
    """Runs the comparison, prints the table, and writes the result file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite2")
    parser.add_argument("--input-size", type=int, default=224)
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--out", type=Path, default=RESULT)
    asked = parser.parse_args()
    config = TrialConfig(backbone=asked.backbone, input_size=asked.input_size)
    data = load("cifar10")
    features_NF = features_of(config, data, asked.images)
    outcomes = [compare(config, data, features_NF, n, asked.splits) for n in asked.labels]
    text = report(config, outcomes, asked.splits, asked.images)
    print(text)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text)


if __name__ == "__main__":
    main()
