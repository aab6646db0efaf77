"""How the kinds of trials are told apart wherever trials are points: by colour and by shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from trainables.pictures.style import BLUE, GREEN, GREY

Kind = Literal["finished", "warm_start", "infeasible", "stopped"]


@dataclass(frozen=True)
class Mark:
    """A point's colour and shape.

    Args:
        marker, symbol: its shape in Matplotlib's and in Plotly's words.
    """

    label: str
    colour: str
    marker: str
    symbol: str
    opacity: float = 1.0
    filled: bool = True

    @property
    def scatter(self) -> dict[str, Any]:
        """Options of Matplotlib's `scatter`: a cross has no face, an open circle no filling."""
        if self.marker == "x":
            return {"marker": "x", "color": self.colour, "linewidths": 1.1}
        face = self.colour if self.filled else "none"
        shape = {"marker": self.marker, "facecolors": face, "edgecolors": self.colour}
        return {**shape, "linewidths": 0.8}


def marks(view: StudyView) -> dict[Kind, Mark]:
    """By kind, in the order of the legend, faint ones first so that they lie below."""
    broken = " and ".join(str(condition) for condition in view.spec.constraints)
    unit = "epoch" if view.spec.has_images else "step"
    return {
        "stopped": Mark(f"stopped early, at its last {unit}", GREY, "x", "x-thin-open", 0.6),
        "infeasible": Mark(f"does not hold {broken}", GREY, "o", "circle-open", 0.8, False),
        "finished": Mark("finished", BLUE, "o", "circle", 0.8),
        "warm_start": Mark("from a warm start", GREEN, "D", "diamond", 0.9),
    }


def kind_of(trial: TrialFacts, view: StudyView) -> Kind:
    """The kind of a trial that has values, or was stopped early."""
    if trial.state == "pruned":
        return "stopped"
    if not view.holds(trial):
        return "infeasible"
    return "warm_start" if trial.origin == "warm_start" else "finished"
