"""Trials that the search was to have and has not."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.study.command import goes_on_by
from orchestrator.study.ranking import reaches
from orchestrator.views.numbers import count


def unfinished(material: Material) -> Iterator[NextStep]:
    """Go on; not where it runs, nor where it ended because its target was reached."""
    spec, done = material.spec, material.done
    target = any(reaches(trial, spec.target) for trial in material.trials)
    if done >= spec.trials or material.running or target:
        return
    why = f"{count(done)} of {count(spec.trials)} trials have ended"
    command = goes_on_by(spec, done=False) + material.place
    yield NextStep("unfinished", "Let the search come to its end", why, command)
