"""The best trial was still learning when it ended."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.views.numbers import count

_LEAST = 4  # epochs of which something can be said
_RISE = 0.01  # of validation accuracy over the last quarter of its epochs


def more_epochs(material: Material) -> Iterator[NextStep]:
    """Where accuracy rose until the last epoch, which was its best."""
    best = material.best
    if best is None or not material.spec.has_images or best.number not in material.files:
        return
    rows = material.files[best.number].history
    values = [row["metrics"].get("val_acc") for row in rows]
    known = [value for value in values if value is not None]
    if len(known) < _LEAST or known[-1] < max(known):
        return
    rise = known[-1] - known[-1 - len(known) // _LEAST]
    if rise < _RISE:
        return
    epochs = best.config.get("epochs") or len(known)
    why = (
        f"Over the last quarter of its {count(int(epochs))} epochs the best trial's validation "
        f"accuracy rose by {100 * rise:.1f} points, up to the last one"
    )
    what = f"Train for longer: --set epochs={2 * int(epochs)}, or widen the range of epochs"
    yield NextStep("more_epochs", what, why)
