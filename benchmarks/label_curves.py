"""How many labels are enough: learning curves of real CIFAR-10, and whether their laws hold.

    python benchmarks/label_curves.py --backbone tf_efficientnet_lite0 --input-size 128

Strategies choose 10 to 5,000 of 8,000 official training images in each split; what they chose
trains the default head, which is measured on the split's 4,000 others (`subset_strategies.py`,
whose choices and accuracies are used again where they are there). The test set stays closed. Fits,
checks and sentences are those of `orchestrator search subset_size` (`orchestrator/label_curves/`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from machine import command, machine
from subset_strategies import HELD_OUT, IMAGES, RESULTS, Trials

from orchestrator.label_curves import LabelCurve, label_sentences
from orchestrator.label_curves.curve import make_curve
from orchestrator.label_curves.resampling import Resamples
from orchestrator.label_curves.table import mean_cells, sizes_of
from orchestrator.label_curves.words import law_said
from search_spaces.subset_size import LADDER
from trainables import TrialConfig
from trainables.data import load

STRATEGIES = ("random", "margin")


def curve_of(trials: Trials, text: str, sizes: tuple[int, ...]) -> LabelCurve:
    """One strategy's curve."""
    accuracy_DS = np.stack([trials.accuracies(text, size) / 100 for size in sizes], axis=1)
    backbone = trials.config.backbone
    return make_curve(text, backbone, text, sizes, accuracy_DS, Resamples.of(trials.splits))


def checks(curves: list[LabelCurve]) -> str:
    """What laws fitted to the smaller sizes foretold of the largest."""
    lines = ["| strategy | labels | foretold | measured | off by (95 %) |", f"|{' --- |' * 5}"]
    for curve in curves:
        for check in curve.checks:
            low, high = check.error.low or 0.0, check.error.high or 0.0
            off = f"{100 * check.error.value:+.2f} ({100 * low:+.2f} to {100 * high:+.2f})"
            foretold, measured = f"{100 * check.foretold:.2f}", f"{100 * check.measured:.2f}"
            cells = [curve.name, f"{check.size:,}", foretold, measured, off]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def table(curves: list[LabelCurve]) -> str:
    """Means and laws."""
    lines = [
        f"| labels | {' | '.join(curve.name for curve in curves)} |",
        f"| --- |{' --- |' * len(curves)}",
    ]
    for size in sizes_of(curves):
        lines.append(f"| {size:,} | {' | '.join(mean_cells(each, size) for each in curves)} |")
    lines.append(f"| law | {' | '.join(law_said(curve) for curve in curves)} |")
    return "\n".join(lines)


def report(trials: Trials, curves: list[LabelCurve]) -> str:
    """The result file."""
    config = trials.config
    said = "\n".join(f"- {sentence}" for sentence in label_sentences(curves))
    return f"""# How many labels are enough

Held-out accuracy in per cent, mean (sd) of {trials.splits} splits; {config.backbone} at
{config.input_size} px, frozen, default head, {HELD_OUT:,} of {IMAGES:,} images held out in each.
Splits overlap, so their images are not independent. The test set was not opened.

{table(curves)}

Laws without the two largest sizes, and what they foretold of them, in points of accuracy:

{checks(curves)}

{said}

{machine("torch", "scikit-learn", "numpy")}

    {command()}
"""


def main() -> None:
    """Measures, prints, writes the table and draws the curves."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="tf_efficientnet_lite0")
    parser.add_argument("--input-size", type=int, default=128)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--strategies", nargs="+", default=list(STRATEGIES))
    parser.add_argument("--labels", type=int, nargs="+", default=list(LADDER))
    parser.add_argument("--picture", type=Path, help="where the curves are drawn, a PNG file")
    parser.add_argument("--out", type=Path, default=RESULTS / "label_curves.md")
    asked = parser.parse_args()
    config = TrialConfig(backbone=asked.backbone, input_size=asked.input_size)
    trials = Trials(config, load("cifar10"), asked.splits)
    curves = [curve_of(trials, text, tuple(asked.labels)) for text in asked.strategies]
    if asked.picture:
        from orchestrator.pictures.label_curves_png import static_label_curves
        from trainables.pictures.style import png

        asked.picture.write_bytes(png(static_label_curves(curves, "CIFAR-10")))
    text = report(trials, curves)
    print(text)
    asked.out.write_text(text)


if __name__ == "__main__":
    main()
