"""Panels of lines: a metric by epoch, accuracy by epsilon."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.ticker import (
    FixedLocator,
    FuncFormatter,
    MaxNLocator,
    NullLocator,
    PercentFormatter,
)

from trainables.pictures.style import BLUE, GREEN, GREY, ORANGE, finite, say_nothing_here, tidy
from trainables.reports import RobustnessCurve

_LINES = (("train", BLUE, "o"), ("val", ORANGE, "s"))
_NAMES = {"train": "training", "val": "validation"}


def draw_by_epoch(
    axes: Axes,
    history: Sequence[Mapping[str, float | None]],
    kind: str,
    *,
    title: str,
    y: str,
    counts: Mapping[str, int],
) -> None:
    """`train_<kind>` and `val_<kind>` by epoch; `kind` is `"loss"` or `"acc"`.

    Args:
        history: one row an epoch, with `epoch`.
        counts: examples in `train` and `val`, for the legend.
    """
    rows = [row for row in history if row.get("epoch") is not None]
    drawn = [
        _line(axes, rows, f"{split}_{kind}", colour, marker, _with_count(split, counts))
        for split, colour, marker in _LINES
    ]
    if not any(drawn):
        return say_nothing_here(axes, title, "nothing was recorded by epoch")
    tidy(axes, title, x="epoch", y=y)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if kind == "acc":
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    else:
        _from_zero(axes, rows, kind)
    axes.legend(frameon=False, fontsize=9)
    return None


def draw_by_epsilon(axes: Axes, curve: RobustnessCurve | None, *, title: str) -> None:
    """Accuracy under attack over epsilon, each epsilon alone and the worst case up to it."""
    if curve is None or not curve.eps_255:
        return say_nothing_here(axes, title, "no attack was run")
    # Epsilons double, so each gets the same room: 0, 0.5 and 1 would lie on one another else.
    places = range(len(curve.eps_255))
    axes.plot(places, finite(curve.accuracy), color=ORANGE, marker="s", label="at this epsilon")
    axes.plot(
        places,
        finite(curve.worst_case),
        color=GREEN,
        marker="v",
        linestyle="--",
        label="worst case up to it",
    )
    tidy(axes, title, x="epsilon, in 1/255 of the pixel range", y="accuracy")
    axes.xaxis.set_major_locator(FixedLocator(list(places)))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda place, _: f"{curve.eps_255[round(place)]:g}")
    )
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.legend(frameon=False, fontsize=9)
    clean = f"{curve.accuracy[0]:.0%}"
    axes.annotate(
        clean, (0, curve.accuracy[0]), xytext=(6, 6), textcoords="offset points", color=GREY
    )
    return None


def _line(
    axes: Axes,
    rows: Sequence[Mapping[str, float | None]],
    name: str,
    colour: str,
    marker: str,
    label: str,
) -> bool:
    """Draws one metric; False where no row has it."""
    kept = [row for row in rows if row.get(name) is not None]
    if not kept:
        return False
    epochs = finite(row["epoch"] for row in kept)
    small = 4.0 if len(kept) <= 40 else 0.0
    axes.plot(
        epochs,
        finite(row[name] for row in kept),
        color=colour,
        marker=marker,
        markersize=small,
        label=label,
    )
    return True


def _from_zero(axes: Axes, rows: Sequence[Mapping[str, float | None]], kind: str) -> None:
    """Up to a little beyond the largest value, whose marker would be cut in two else."""
    values = finite(row.get(f"{split}_{kind}") for row in rows for split, _, _ in _LINES)
    largest = max((value for value in values if not math.isnan(value)), default=0.0)
    axes.set_ylim(0, 1.06 * largest or 1.0)


def _with_count(split: str, counts: Mapping[str, int]) -> str:
    number = counts.get(split)
    return _NAMES[split] + (f" (n = {number:,})" if number else "")
