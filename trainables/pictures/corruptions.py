"""Accuracy by corruption and severity: a cell each, grouped by family, and the means."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from trainables.corruptions.report import CorruptionReport
from trainables.pictures.style import new_figure, shown

_CELL = 0.36  # inches


def draw_corruptions(report: CorruptionReport, *, title: str, figures: str = "") -> Figure:
    """Rows are corruptions by family, columns severities; the last row and column are means."""
    names = _by_family(report)
    shares = np.array([report.accuracy[name] for name in names])
    table = np.vstack([shares, list(report.by_severity.values())])
    table = np.hstack([table, table.mean(axis=1, keepdims=True)])
    figure = new_figure(8.4, 2.3 + _CELL * len(table), title, figures=figures)
    axes = figure.subplots()
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    _write_cells(axes, table)
    axes.set_xticks(range(table.shape[1]), [*map(str, report.severities), "mean"])
    axes.set_yticks(range(len(table)), [*(_row_name(report, n) for n in names), "mean"])
    axes.tick_params(length=0)
    axes.set_xlabel("severity")
    _rule_off(axes, report, names)
    clean = "" if report.clean is None else f"; the same images as they are: {_pc(report.clean)} %"
    axes.set_title(f"Accuracy in per cent{clean}", fontsize=11, loc="left")
    return figure


def _by_family(report: CorruptionReport) -> list[str]:
    """Corruptions of a family together, in the order in which families are met."""
    families = report.provenance.get("families") or {}
    order = list(dict.fromkeys(families.get(name, "other") for name in report.accuracy))
    return sorted(report.accuracy, key=lambda name: order.index(families.get(name, "other")))


def _row_name(report: CorruptionReport, name: str) -> str:
    family = (report.provenance.get("families") or {}).get(name, "other")
    return shown(f"{family}: {name.replace('_', ' ')}")


def _write_cells(axes: Axes, table: np.ndarray) -> None:
    for (row, column), share in np.ndenumerate(table):
        if math.isfinite(share):
            colour = "white" if share > 0.55 else "black"
            cell = axes.text(
                column, row, _pc(share), ha="center", va="center", fontsize=9, color=colour
            )
            cell.set_in_layout(False)


def _rule_off(axes: Axes, report: CorruptionReport, names: list[str]) -> None:
    """White lines between families, and before the means."""
    families = report.provenance.get("families") or {}
    for row in range(1, len(names)):
        if families.get(names[row], "other") != families.get(names[row - 1], "other"):
            axes.axhline(row - 0.5, color="white", linewidth=3)
    axes.axhline(len(names) - 0.5, color="white", linewidth=6)
    axes.axvline(len(report.severities) - 0.5, color="white", linewidth=6)


def _pc(share: float) -> str:
    return f"{100 * share:.1f}"
