"""How important each parameter was for each objective, as bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orchestrator.pictures.fanova import TREES, Importances, Share
from orchestrator.pictures.interactive import fragment, hover, new_interactive
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.scales import shortened
from orchestrator.pictures.view import StudyView
from trainables.pictures.style import BLUE, GREEN, GREY, ORANGE, new_figure, png, shown, tidy

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# By objective; the hatch so that a print in grey reads well.
_STYLES = ((BLUE, ""), (GREEN, "///"), (ORANGE, "..."), (GREY, "xxx"))
_LETTERS = 28  # of a parameter's name


def draw_importances(view: StudyView) -> Picture | None:
    """The picture; None where nothing can be said (see `fanova.importances`)."""
    found = view.importances
    if found is None:
        return None
    title = "Parameter importances"
    static, moving = _static(found, title), _interactive(found)
    return Picture("importances", title, png(static), fragment(moving, "importances", found.words))


def _static(found: Importances, title: str) -> Figure:
    rows, several = len(found.names), len(found.shares) > 1
    height = 1.5 + 0.42 * rows * (1 + 0.35 * several)
    figure = new_figure(9, height, title, figures=found.words)
    axes = figure.subplots()
    for index in range(len(found.shares)):
        _draw_bars(axes, found, index)
    tidy(axes, "", x=_axis(found))
    axes.grid(visible=False, axis="y")
    axes.set_yticks(range(rows), [shown(shortened(name, _LETTERS)) for name in found.names])
    axes.invert_yaxis()
    axes.set_xlim(0, 1.1 * max(s.high for shares in found.shares.values() for s in shares.values()))
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f}%")
    if several:
        figure.legend(frameon=False, loc="outside lower left", ncols=4)
    return figure


def _draw_bars(axes: Axes, found: Importances, index: int) -> None:
    """The bars of one objective, beside those of the others."""
    metric = list(found.shares)[index]
    height = 0.8 / len(found.shares)
    places = [row + (index + 0.5) * height - 0.4 for row in range(len(found.names))]
    shares = [found.shares[metric][name] for name in found.names]
    below, above = _whiskers(shares)
    colour, hatch = _STYLES[index % len(_STYLES)]
    axes.barh(
        places,
        [share.mean for share in shares],
        0.92 * height,
        xerr=[below, above],
        error_kw={"ecolor": "black", "capsize": 2.5, "elinewidth": 1},
        color=colour,
        hatch=hatch,
        edgecolor="white",
        linewidth=0,
        label=shown(metric),
    )
    for place, share in zip(places, shares, strict=True):
        axes.annotate(
            f"{100 * share.mean:.0f} %",
            (max(share.high, share.mean), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=GREY,
        )


def _whiskers(shares: Sequence[Share]) -> tuple[list[float], list[float]]:
    """How far they reach below and above the mean, which may lie outside the middle of a few."""
    below = [max(0.0, share.mean - share.low) for share in shares]
    return below, [max(0.0, share.high - share.mean) for share in shares]


def _axis(found: Importances) -> str:
    objective = "each objective" if len(found.shares) > 1 else next(iter(found.shares))
    whiskers = f"whiskers: the middle 80 % of {TREES} trees"
    return f"share of what single parameters explain of {objective} ({whiskers})"


def _interactive(found: Importances) -> go.Figure:
    import plotly.graph_objects as go

    height = 170 + 34 * len(found.names) * len(found.shares)
    figure = new_interactive(height=height, barmode="group")
    for index, (metric, held) in enumerate(found.shares.items()):
        shares = [held[name] for name in found.names]
        below, above = _whiskers(shares)
        figure.add_trace(
            go.Bar(
                x=[share.mean for share in shares],
                error_x={"array": above, "arrayminus": below, "thickness": 1, "width": 4},
                y=[shortened(name, _LETTERS) for name in found.names],
                orientation="h",
                name=metric,
                marker={"color": _STYLES[index % len(_STYLES)][0]},
                hovertext=[
                    hover(
                        name, f"{share.mean:.0%} of {metric} ({share.low:.0%} to {share.high:.0%})"
                    )
                    for name, share in zip(found.names, shares, strict=True)
                ],
                hoverinfo="text",
            )
        )
    figure.update_layout(showlegend=len(found.shares) > 1)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(tickformat=".0%", title_text=_axis(found))
    return figure
