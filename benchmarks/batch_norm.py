"""Fine-tuning on few labels: BatchNorm's statistics as published, or those of the batch?

    python benchmarks/batch_norm.py

tf_efficientnet_lite0 at 64 px, `tune=last`, 100 CIFAR-10 labels in batches of 32, 15 epochs of
AdamW at 1e-3, no augmentation; accuracy on 1,000 other training images; both sides on the same
splits and seeds, in turn. About 3 minutes.
"""

from __future__ import annotations

import argparse
import statistics
from functools import partial
from pathlib import Path
from unittest import mock

from machine import machine

from trainables import net_parts
from trainables.config import TrialConfig
from trainables.trial import train
from trainables.tuning import Norms, tuned

RESULT = Path(__file__).parent / "results" / "batch_norm.md"


def main() -> None:
    """Measures, prints and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=8)
    parser.add_argument("--out", type=Path, default=RESULT)
    options = parser.parse_args()
    seeds = range(options.splits)
    pairs = [(accuracy(seed, "fixed"), accuracy(seed, "batch")) for seed in seeds]
    fixed, batch = zip(*pairs, strict=True)
    lines = [
        "# BatchNorm of a pretrained body on few labels\n",
        f"Accuracy in % on 1,000 held-out training images, n = {len(pairs)} splits, mean (range).",
        "How it is measured is said in `benchmarks/batch_norm.py`.\n",
        "| statistics | accuracy |",
        "| --- | --- |",
        f"| as published, kept fixed | {words(fixed)} |",
        f"| of the batch | {words(batch)} |",
        f"| difference, paired | {words([one - other for one, other in pairs])} |",
        "",
        f"{machine('torch', 'timm')}\n",
        f"    python benchmarks/batch_norm.py --splits {options.splits}\n",
    ]
    print("\n".join(lines))
    options.out.write_text("\n".join(lines))


def accuracy(seed: int, norms: Norms) -> float:
    """Held-out accuracy of the last epoch, in %."""
    config = TrialConfig.model_validate(
        {
            "backbone": "tf_efficientnet_lite0", "input_size": 64, "tune": "last", "seed": seed,
            "train_size": 100, "val_size": 1000, "split_seed": seed, "batch_size": 32,
            "epochs": 15, "optimiser": "adamw", "lr": 1e-3, "body_lr": 1e-3, "schedule": "constant",
            "weight_decay": 0.01, "augment": "none", "attack": "none", "threads": 2,
        }
    )  # fmt: skip
    with mock.patch.object(net_parts, "tuned", partial(tuned, norms=norms)):
        *_, last = train(config)
    return 100 * last.metrics["val_acc"]


def words(values: list[float] | tuple[float, ...]) -> str:
    """Mean and range."""
    return f"{statistics.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})"


if __name__ == "__main__":
    main()
