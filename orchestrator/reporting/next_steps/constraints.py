"""Constraints that no trial holds."""

from __future__ import annotations

import math
from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.study.spec import ConditionSpec
from orchestrator.views.numbers import metric


def constraints(material: Material) -> Iterator[NextStep]:
    """Each bound beyond the best that any trial reached; else that they never hold together."""
    if not material.ranked or material.best is not None:
        return
    beyond = [(c, _nearest(material, c)) for c in material.spec.constraints]
    missed = [(c, value) for c, value in beyond if value is not None and c.violation(value) > 0]
    for condition, value in missed:
        name = condition.metric
        what = f"Loosen {condition}, or search where it can hold"
        why = f"The nearest that any finished trial came is {name} {metric(name, value)}"
        yield NextStep("constraints", what, why)
    if not missed:
        words = " and ".join(str(condition) for condition in material.spec.constraints)
        why = "Each is held by some trial, and all by none"
        yield NextStep("constraints", f"Loosen one of {words}", why)


def _nearest(material: Material, condition: ConditionSpec) -> float | None:
    held = [trial.metrics.get(condition.metric, math.nan) for trial in material.ranked]
    finite = [value for value in held if math.isfinite(value)]
    return min(finite, key=condition.violation, default=None)
