"""Slices as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.pictures.marks import Mark, marks
from orchestrator.pictures.parameter_scale import number, tick_values
from orchestrator.pictures.scales import beyond_words, shortened
from orchestrator.pictures.slices import Dot, Slice
from orchestrator.pictures.view import StudyView
from search_spaces.exploring import Parameter
from trainables.pictures.style import GREY, new_figure, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LETTERS = 26  # in a row below a panel; more are turned


def static_slices(
    view: StudyView, lines: Sequence[Sequence[Slice]], title: str, words: str
) -> Figure:
    """The figure; a panel's dots are darker the later a trial came."""
    columns = len(lines[0])
    figure = new_figure(max(7.0, 3.3 * columns), 1.2 + 2.9 * len(lines), title, figures=words)
    panels = figure.subplots(len(lines), columns, squeeze=False)
    for line, row in zip(lines, panels, strict=True):
        for each, axes in zip(line, row, strict=False):
            _draw(axes, each, view)
        for axes in row[len(line) :]:
            axes.set_axis_off()
    handles = {
        label: handle
        for axes in panels.flat
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        handles.values(), handles.keys(), frameon=False, loc="outside lower left", ncols=4
    )
    return figure


def _draw(axes: Axes, each: Slice, view: StudyView) -> None:
    for kind, mark in marks(view).items():
        here = [dot for dot in each.dots if dot.kind == kind]
        if here:
            later = kind == "finished"
            axes.scatter(
                [dot.x for dot in here],
                [dot.value for dot in here],
                s=26 if len(each.dots) <= 200 else 8,
                label=f"{mark.label} (darker: later)" if later else shown(mark.label),
                **(_by_number(mark, here, len(view.trials)) if later else mark.scatter),
            )
    name = shown(each.scale.name) if each.first else ""
    tidy(axes, "", x=shown(shortened(each.parameter.name, _LETTERS)), y=name)
    each.scale.mark(axes.yaxis)
    _mark_parameter(axes, each.parameter)
    values = [dot.value for dot in each.dots]
    if each.limits is not None:
        axes.set_ylim(each.limits)
        if any(not each.limits[0] <= value <= each.limits[1] for value in values):
            words = beyond_words(values, each.limits)
            axes.text(1, 1.01, words, transform=axes.transAxes, ha="right", fontsize=8, color=GREY)


def _by_number(mark: Mark, dots: Sequence[Dot], count: int) -> dict[str, Any]:
    """Where the sampler has turned to is seen."""
    shades = {"cmap": "Blues", "vmin": -0.5 * count, "vmax": count}
    numbers = [dot.trial.number for dot in dots]
    return {"marker": mark.marker, "c": numbers, **shades, "edgecolors": "white", "linewidths": 0.3}


def _mark_parameter(axes: Axes, parameter: Parameter) -> None:
    if parameter.choices is not None:
        return _mark_choices(axes, [shown(shortened(str(each), 20)) for each in parameter.choices])
    low, high = parameter.low, parameter.high
    if not parameter.log:
        axes.set_xlim(low - 0.04 * (high - low), high + 0.04 * (high - low))
        return None
    margin = (high / low) ** 0.04
    axes.set_xscale("log")
    axes.set_xlim(low / margin, high * margin)
    if high / low < 1000:  # Matplotlib writes 2 x 10^2 beside 3 x 10^2, one over the other
        values = tick_values(parameter)
        axes.set_xticks(values, [number(value) for value in values])
        axes.set_xticks([], minor=True)
    return None


def _mark_choices(axes: Axes, names: Sequence[str]) -> None:
    step = -(-len(names) // 12)
    axes.set_xticks(range(0, len(names), step), names[::step])
    axes.set_xlim(-0.5, len(names) - 0.5)
    if max(map(len, names)) * len(names) > _LETTERS:
        axes.tick_params(axis="x", labelsize=8)
        for label in axes.get_xticklabels():
            label.set(rotation=35, ha="right", rotation_mode="anchor")
