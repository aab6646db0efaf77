"""Trials that failed."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.reporting.spent import troubles
from orchestrator.views.numbers import count


def failures(material: Material) -> Iterator[NextStep]:
    """Look at the most frequent reason, then run them again."""
    found = [each for each in troubles(material.trials) if each.state == "failed"]
    retried = {trial.of for trial in material.trials if trial.origin in ("retry", "successor")}
    open_ones = [t for each in found for t in each.trials if str(t.number) not in retried]
    if not open_ones:
        return
    number = len(open_ones)
    reason = found[0].reason or "no reason known"
    of = "It" if number == 1 else "They"
    what = f"Look at the {count(number)} trial{'' if number == 1 else 's'} that failed"
    why = f"{of} came to nothing; the most frequent reason: {reason.rstrip('.')}"
    command = f"orchestrator resume {material.spec.name} --retry-failed{material.place}"
    yield NextStep("failures", what, why, command)
