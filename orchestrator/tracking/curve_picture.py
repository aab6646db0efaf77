"""`curves.png` of a trainable of somebody's own: every figure that it reported, by step.

Only for the best few trials, once the search is over: MLflow draws the same lines on each trial's
page, and a picture costs several times what all the rest of a short trial's record does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.study.facts import TrialFacts
from trainables.pictures.style import BLUE, finite, new_figure, png, shown, tidy

_MOST_PANELS = 12


def curves_png(trial: TrialFacts, history: Sequence[Mapping[str, Any]]) -> bytes | None:
    """One small panel a figure; None where nothing was reported more than once."""
    steps = [row["epoch"] for row in history]
    names = list(dict.fromkeys(name for row in history for name in row["metrics"]))
    lines = {name: finite(row["metrics"].get(name) for row in history) for name in names}
    drawn = {name: values for name, values in lines.items() if _moves(values)}
    if len(steps) < 2 or not drawn:
        return None
    kept = list(drawn.items())[:_MOST_PANELS]
    rows = -(-len(kept) // 3)
    figure = new_figure(11, 1.0 + 2.2 * rows, trial.label, figures=f"trial {trial.number}")
    panels = list(figure.subplots(rows, 3, squeeze=False).flat)
    for axes, (name, values) in zip(panels, kept, strict=False):
        axes.plot(steps, values, color=BLUE, marker="o" if len(steps) <= 40 else "", markersize=3)
        tidy(axes, shown(name), x="step")
    for axes in panels[len(kept) :]:
        axes.axis("off")
    return png(figure, dpi=90)


def _moves(values: Sequence[float]) -> bool:
    """Whether at least two of them are numbers."""
    return sum(value == value for value in values) >= 2
