"""Slices to be looked into."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from orchestrator.pictures.interactive import hover, new_interactive, plain_grid
from orchestrator.pictures.marks import Mark, marks
from orchestrator.pictures.parameter_scale import bounds, number, tick_values, value_text
from orchestrator.pictures.scales import shortened
from orchestrator.pictures.slices import Dot, Slice
from orchestrator.pictures.view import StudyView
from search_spaces.exploring import Parameter

if TYPE_CHECKING:
    import plotly.graph_objects as go


_BETWEEN = 125  # pixels between two lines of panels, for names that are turned


def interactive_slices(view: StudyView, lines: Sequence[Sequence[Slice]]) -> go.Figure:
    """The figure; a panel's dots are darker the later a trial came."""
    rows, columns = len(lines), len(lines[0])
    figure = new_interactive(height=130 + 320 * rows)
    figure.set_subplots(
        rows=rows, cols=columns, horizontal_spacing=0.07, vertical_spacing=_BETWEEN / (320 * rows)
    )
    styles = marks(view)
    for row, line in enumerate(lines, start=1):
        for column, each in enumerate(line, start=1):
            at = {"row": row, "col": column}
            for kind, mark in styles.items():
                here = [dot for dot in each.dots if dot.kind == kind]
                if here:
                    figure.add_trace(_trace(each, here, mark, len(view.trials)), **at)
            figure.update_xaxes(**_axis(each.parameter), **at)
            name = each.scale.name if each.first else None
            ends = each.limits
            if ends is not None and each.scale.log:  # Plotly wants logarithms there
                ends = math.log10(ends[0]), math.log10(ends[1])
            figure.update_yaxes(title_text=name, range=ends, **each.scale.plotly, **at)
    return plain_grid(figure)


def _trace(each: Slice, here: Sequence[Dot], mark: Mark, count: int) -> go.Scatter:
    import plotly.graph_objects as go

    marker: dict[str, Any] = {"color": mark.colour, "symbol": mark.symbol, "size": 7}
    if here[0].kind == "finished":
        shades = {"colorscale": "Blues", "cmin": -0.5 * count, "cmax": count}
        marker |= {"color": [dot.trial.number for dot in here], **shades}
    return go.Scatter(
        x=[dot.x for dot in here],
        y=[dot.value for dot in here],
        mode="markers",
        showlegend=False,
        marker=marker,
        text=[
            hover(
                f"trial {dot.trial.number}: {dot.trial.label}",
                f"{each.parameter.name} {value_text(each.parameter, dot.trial.params)}",
                f"{each.scale.name} {each.scale.text(dot.value)}",
                "" if dot.kind == "finished" else mark.label,
            )
            for dot in here
        ],
        hoverinfo="text",
    )


def _axis(parameter: Parameter) -> dict[str, Any]:
    options: dict[str, Any] = {"title_text": shortened(parameter.name, 26)}
    if parameter.choices is not None:
        names = [shortened(str(choice), 20) for choice in parameter.choices]
        ends: dict[str, Any] = {"range": [-0.5, len(names) - 0.5]}
        if max(map(len, names)) * len(names) > 26:  # letters that have room side by side
            ends |= {"tickangle": -30, "tickfont": {"size": 10}}
        return {**options, **ends, "tickvals": list(range(len(names))), "ticktext": names}
    low, high = bounds(parameter)
    margin = 0.04 * (high - low)
    options["range"] = [low - margin, high + margin]
    if not parameter.log:
        return options
    values = tick_values(parameter)
    texts = [number(value) for value in values]
    return {**options, "type": "log", "tickvals": values, "ticktext": texts}
