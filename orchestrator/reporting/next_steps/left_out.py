"""Backbones that were not tried."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.views.numbers import count


def left_out(material: Material) -> Iterator[NextStep]:
    """Bring their weights here."""
    gone = material.spec.left_out
    if not gone or material.spec.comparison is not None:
        return
    names = ", ".join(item.backbone for item in gone)
    reasons = dict.fromkeys(" ".join(item.reason.split()).rstrip(".") for item in gone)
    one = "backbone was" if len(gone) == 1 else "backbones were"
    why = f"{count(len(gone))} {one} left out: {'; '.join(reasons)}"
    what = f"Bring the weights of {names} here (--weights-dir), and search again"
    yield NextStep("left_out", what, why)
