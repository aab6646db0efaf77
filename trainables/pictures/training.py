"""How a trial trained: loss and accuracy by epoch, learning rate by step.

Shapes: T steps.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from trainables.pictures.curves import draw_by_epoch
from trainables.pictures.style import GREEN, GREY, finite, new_figure, say_nothing_here, tidy

_RATE = "Learning rate of the head"


def draw_training(
    history: Sequence[Mapping[str, float | None]],
    lr_T: np.ndarray,
    *,
    counts: Mapping[str, int],
    title: str,
    figures: str = "",
) -> Figure:
    """Three panels, 8.5 x 9.5 inches; the epoch of the least validation loss is marked.

    Args:
        history: one row an epoch, with `epoch`.
        lr_T: learning rate by step; empty where it was not kept, then that of `history`.
        counts: examples in `train` and `val`.
    """
    figure = new_figure(8.5, 9.5, title, figures=figures)
    losses, accuracies, rates = figure.subplots(3, 1)
    draw_by_epoch(losses, history, "loss", title="Loss", y="cross-entropy", counts=counts)
    draw_by_epoch(accuracies, history, "acc", title="Accuracy", y="accuracy", counts=counts)
    best = _best_epoch(history)
    if best is not None:
        for axes in (losses, accuracies):
            _mark(axes, best)
    draw_rates(rates, history, lr_T)
    return figure


def draw_rates(axes: Axes, history: Sequence[Mapping[str, float | None]], lr_T: np.ndarray) -> None:
    """Learning rate by training step; by epoch where steps were not kept."""
    by_epoch = [row for row in history if row.get("lr") is not None]
    if len(lr_T):
        axes.plot(range(len(lr_T)), lr_T, color=GREEN, linewidth=1.8)
        _say_peak(axes, int(np.argmax(lr_T)), float(np.max(lr_T)))
    elif by_epoch:
        axes.plot(
            finite(row["epoch"] for row in by_epoch),
            finite(row["lr"] for row in by_epoch),
            color=GREEN,
            marker="o",
            markersize=4.0 if len(by_epoch) <= 40 else 0.0,
        )
    else:
        return say_nothing_here(axes, _RATE, "no learning rate was recorded")
    tidy(axes, _RATE, x="training step" if len(lr_T) else "epoch", y="learning rate")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{rate:.2g}"))
    return None


def _say_peak(axes: Axes, step: int, lr: float) -> None:
    axes.plot([step], [lr], color=GREEN, marker="o", linestyle="", label=f"peak {lr:.2g}")
    axes.legend(frameon=False, fontsize=9)


def _best_epoch(history: Sequence[Mapping[str, float | None]]) -> float | None:
    """The epoch of the least validation loss; None where it was never measured."""
    losses = finite(row.get("val_loss") for row in history)
    measured = [place for place, loss in enumerate(losses) if not math.isnan(loss)]
    if not measured:
        return None
    return history[min(measured, key=lambda place: losses[place])].get("epoch")


def _mark(axes: Axes, epoch: float) -> None:
    label = f"least validation loss (epoch {epoch:g})"
    axes.axvline(epoch, color=GREY, linewidth=1.2, linestyle=":", label=label)
    axes.legend(frameon=False, fontsize=9)
