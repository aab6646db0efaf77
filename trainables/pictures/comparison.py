"""The trials of a search side by side: accuracy with its interval, robust score beside it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from trainables.pictures.style import BLUE, GREY, ORANGE, new_figure, say_nothing_here, shown, tidy


@dataclass(frozen=True)
class ComparedTrial:
    """One bar. `low` and `high` bound the 95 % interval of `value`; None where there is none."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None
    second: float | None = None


def draw_comparison(
    trials: Sequence[ComparedTrial],
    *,
    title: str,
    measured: str = "",
    value_name: str = "validation accuracy",
    second_name: str = "robust score",
    most: int = 30,
) -> Figure:
    """Horizontal bars, best on top, in the order given; at most `most` of them.

    Args:
        title: what is compared.
        measured: what the bars are, with n: the second line of the title.
    """
    kept = [trial for trial in trials if trial.value is not None][:most]
    figure = new_figure(12, 1.7 + 0.5 * max(2, len(kept)), title, figures=measured)
    axes = figure.subplots()
    if not kept:
        say_nothing_here(axes, "", "no trial has finished yet")
        return figure
    has_second = any(trial.second is not None for trial in kept)
    height = 0.38 if has_second else 0.7
    shift = height / 2 if has_second else 0.0
    places = list(range(len(kept)))
    _draw_values(axes, kept, places, height, shift, value_name)
    if has_second:
        _draw_seconds(axes, kept, places, height, shift, second_name)
    tidy(axes, _heading(len(kept), len(trials)), x="")
    axes.grid(visible=False, axis="y")
    axes.set_yticks(places, [shown(trial.label) for trial in kept])
    axes.invert_yaxis()
    _scale(axes, kept)
    figure.legend(frameon=False, loc="outside lower left", ncols=2)
    return figure


def _heading(kept: int, all_of_them: int) -> str:
    return "" if kept == all_of_them else f"the best {kept} of {all_of_them} finished trials"


def _draw_values(
    axes: Axes,
    kept: Sequence[ComparedTrial],
    places: list[int],
    height: float,
    shift: float,
    name: str,
) -> None:
    lows = [_gap(trial.value, trial.low) for trial in kept]
    highs = [_gap(trial.high, trial.value) for trial in kept]
    interval = ", with 95 % interval" if any(lows) or any(highs) else ""
    axes.barh(
        [place - shift for place in places],
        [trial.value or 0.0 for trial in kept],
        height,
        color=BLUE,
        label=name + interval,
        xerr=[lows, highs] if interval else None,
        error_kw={"ecolor": "black", "capsize": 3, "elinewidth": 1.2},
    )
    for place, trial in zip(places, kept, strict=True):
        edge = trial.high if trial.high is not None else trial.value
        _write(axes, edge or 0.0, place - shift, trial.value)


def _draw_seconds(
    axes: Axes,
    kept: Sequence[ComparedTrial],
    places: list[int],
    height: float,
    shift: float,
    name: str,
) -> None:
    axes.barh(
        [place + shift for place in places],
        [trial.second or 0.0 for trial in kept],
        height,
        color=ORANGE,
        label=name,
        hatch="///",
        edgecolor="white",
        linewidth=0,
    )
    for place, trial in zip(places, kept, strict=True):
        if trial.second is not None:
            _write(axes, trial.second, place + shift, trial.second)


def _write(axes: Axes, x: float, y: float, value: float | None) -> None:
    if value is not None:
        text = f"{100 * value:.1f} %" if 0 <= value <= 1 else f"{value:.4g}"
        axes.annotate(
            text,
            (x, y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=GREY,
        )


def _scale(axes: Axes, kept: Sequence[ComparedTrial]) -> None:
    """Shares from 0 to 100 %; anything else from 0 to a little beyond the largest."""
    largest = max(trial.high or trial.value or 0.0 for trial in kept)
    smallest = min(trial.value or 0.0 for trial in kept)
    if smallest >= 0 and largest <= 1:
        axes.set_xlim(0, min(1.12, 1.12 * max(largest, 0.1)))
        axes.xaxis.set_major_formatter(PercentFormatter(1.0))


def _gap(upper: float | None, lower: float | None) -> float:
    if upper is None or lower is None or not math.isfinite(upper - lower):
        return 0.0
    return max(0.0, upper - lower)
