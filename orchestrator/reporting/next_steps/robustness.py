"""Nothing of the best trial's accuracy is left under attack, and nobody asked for more."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.views.numbers import percent

_LITTLE = 0.05  # accuracy at 8/255
_NAMES = ("robust_acc", "robust_score")


def robustness(material: Material) -> Iterator[NextStep]:
    """Search for both, where the attack was run and was no objective."""
    best, spec = material.best, material.spec
    aims = {each.metric for each in spec.objectives}
    aims |= {condition.metric for condition in spec.constraints}
    if best is None or not spec.has_images or aims.intersection(_NAMES):
        return
    held = [best.metrics[name] for name in ("robust_acc", "second_acc") if name in best.metrics]
    left, score = min(held, default=None), best.metrics.get("robust_score")
    if left is None or score is None or left > _LITTLE:
        return
    why = (
        f"Attacked at 8/255 the best trial keeps {percent(left)} % of its images right (robust "
        f"score {percent(score)} %), and the search did not look for more"
    )
    words = ["orchestrator", "search", "robust", "--data", spec.data.name]
    words += ["--train-size", str(spec.split.train)]
    what = "Search for accuracy and robustness at once, with training under attack"
    yield NextStep("robustness", what, why, shlex.join(words))
