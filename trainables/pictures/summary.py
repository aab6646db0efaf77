"""The one picture of a trial: how it learned, what it confuses, how it bears an attack.

Shapes: K classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure

from trainables.pictures.confusion import draw_confusion
from trainables.pictures.curves import draw_by_epoch, draw_by_epsilon
from trainables.pictures.examples import draw_examples
from trainables.pictures.style import GREY, new_figure, shown
from trainables.reports import Examples, RobustnessCurve


@dataclass(frozen=True)
class SummaryNumbers:
    """What the picture is made from; a part that is missing becomes a panel that says so.

    Args:
        title: what was tried, such as `vgg16 · lr 3e-3`.
        history: one row an epoch: `epoch`, `train_loss`, `val_loss`, `train_acc`, `val_acc`.
        confusion_KK: counts on the validation split, row = true class.
        counts: examples by split: `train`, `val`, `robust`.
        metrics: final figures by their public names.
        subtitle: the line at the foot: data, labels used, split.
        attack: name of the attack, for the titles.
    """

    title: str
    history: Sequence[Mapping[str, float | None]] = ()
    confusion_KK: np.ndarray | None = None
    classes: Sequence[str] = ()
    robustness: RobustnessCurve | None = None
    examples: Examples | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    subtitle: str = ""
    attack: str = "fgsm"


def draw_summary(numbers: SummaryNumbers) -> Figure:
    """The whole figure, 14.5 x 13 inches."""
    figure = new_figure(14.5, 13, numbers.title, figures=_figures(numbers.metrics))
    parts = figure.subfigures(2, 1, squeeze=False, height_ratios=(8.0, 5.0), hspace=0.02)
    upper, lower = parts[:, 0]
    grid = upper.add_gridspec(3, 5)
    losses = upper.add_subplot(grid[0, :2])
    accuracies = upper.add_subplot(grid[1, :2])
    attacked = upper.add_subplot(grid[2, :2])
    counts = numbers.counts
    draw_by_epoch(
        losses, numbers.history, "loss", title="Loss by epoch", y="cross-entropy", counts=counts
    )
    draw_by_epoch(
        accuracies, numbers.history, "acc", title="Accuracy by epoch", y="accuracy", counts=counts
    )
    draw_by_epsilon(attacked, numbers.robustness, title=_attack_title(numbers))
    draw_confusion(
        upper.add_subplot(grid[:, 2:]),
        numbers.confusion_KK,
        numbers.classes,
        title=f"Validation images by true and predicted class{_n(counts.get('val'))}",
    )
    draw_examples(lower.subplots(), numbers.examples, numbers.classes)
    if numbers.subtitle:
        figure.supxlabel(shown(numbers.subtitle), fontsize=10, color=GREY, ha="left", x=0.01)
    return figure


def _attack_title(numbers: SummaryNumbers) -> str:
    count = numbers.robustness.count if numbers.robustness else None
    return f"Accuracy under {numbers.attack.upper()}, validation images{_n(count)}"


def _n(count: int | None) -> str:
    return f" (n = {count:,})" if count else ""


def _figures(metrics: Mapping[str, float | None]) -> str:
    """`validation 84.8 %, ...`, of those figures that there are."""
    named = (("val_acc", "validation"), ("train_acc", "training"), ("robust_score", "robust score"))
    parts = [
        f"{word} {100 * value:.1f} %"
        for key, word in named
        if (value := metrics.get(key)) is not None
    ]
    return ", ".join(parts)
