"""A reference system's rows as bars: test accuracy, ours and published."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import PercentFormatter

from orchestrator.reproducing.reproduction import ReproducedRow, Reproduction
from trainables.pictures.style import BLUE, GREY, new_figure, say_nothing_here, shown, tidy

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw_reproduction(table: Reproduction) -> Figure:
    """The figure; a row that was not run has its published figure alone."""
    rows = [row for row in table.rows if row.test is not None or row.published_test is not None]
    title = f"{table.system}: {table.title}"
    figures = f"{table.data}, test accuracy; budget {table.budget}"
    figure = new_figure(11, 1.9 + 0.55 * max(2, len(rows)), title, figures=figures)
    axes = figure.subplots()
    if not rows:
        say_nothing_here(axes, "", "no row has been run yet")
        return figure
    for place, row in enumerate(rows):
        _draw_row(axes, row, place)
    tidy(axes, f"left out: {table.left_out}" if table.left_out else "")
    axes.set_yticks(range(len(rows)), [shown(row.name) for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1.08)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(visible=False, axis="y")
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique.keys(), frameon=False, loc="outside lower left", ncols=2)
    return figure


def _draw_row(axes: Axes, row: ReproducedRow, place: int) -> None:
    if row.test is not None:
        low, high = row.low or row.test, row.high or row.test
        axes.barh(
            place,
            row.test,
            0.55,
            color=BLUE,
            label="here, with 95 % interval",
            xerr=[[row.test - low], [high - row.test]],
            error_kw={"ecolor": "black", "capsize": 3, "elinewidth": 1.2},
        )
        axes.annotate(
            f"{100 * row.test:.1f} %", (high, place), xytext=(6, 0),
            textcoords="offset points", va="center", fontsize=9, color=GREY,
        )  # fmt: skip
    if row.published_test is not None:
        axes.plot(
            [row.published_test] * 2, [place - 0.34, place + 0.34], color="black", linewidth=2.5,
            label="published",
        )  # fmt: skip
