"""What follows when a search is done: the one look at the test split, through promotion."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.views.numbers import count


def promote(material: Material) -> Iterator[NextStep]:
    """Only where nobody has looked yet: each further look makes the figure worth less."""
    spec = material.spec
    done = material.done >= spec.trials and not material.running
    if not done or not spec.has_images or material.best is None or spec.comparison is not None:
        return
    if material.openings:
        return
    why = (
        f"The {count(spec.split.test)} test images were not looked at yet; promotion trains the "
        "finalists again on fresh seeds and splits, chooses one, and only then looks at them, once"
    )
    command = f"orchestrator promote {spec.name}{material.place}"
    yield NextStep("promote", "Promote the best, once it is good enough", why, command)
