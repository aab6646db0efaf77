"""Stopping early that could not be trusted, or that nobody can judge."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep


def stopping(material: Material) -> Iterator[NextStep]:
    """A gentler pruner, where the exempt trials say that it stops the wrong ones."""
    from orchestrator.study.fidelity import fidelity_report

    report = fidelity_report(material.trials, material.spec)
    if report is None or report.trusted is not False:
        return
    first = material.spec.pruner.options.get("first_rung")
    how = f"a first rung above {first:g}" if first else "a later first look, or none at all"
    what = f"Stop later: {how}"
    yield NextStep("stopping", what, report.verdict.rstrip("."))
