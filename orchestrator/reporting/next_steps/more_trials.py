"""The search was still finding better trials when it ended."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.study.command import goes_on_by
from orchestrator.views.numbers import count

_LEAST = 10  # trials below which a late best is no sign: it is the last one in one of ten anyway
_LATE = 0.8  # of the trials: a best after that came late


def more_trials(material: Material) -> Iterator[NextStep]:
    """Where the best came in the last fifth of a search by a sampler that learns."""
    spec, best = material.spec, material.best
    counted = [trial.number for trial in material.trials if trial.counts]
    if best is None or len(counted) < _LEAST or len(counted) < spec.trials:
        return
    if spec.sampler == "grid" or spec.comparison is not None:
        return
    place = sum(number <= best.number for number in counted)
    if place > _LATE * len(counted):
        why = (
            f"Its best trial was number {count(place)} of {count(len(counted))}: it still improved"
        )
        command = goes_on_by(spec, done=True) + material.place
        yield NextStep("more_trials", "Go on searching", why, command)
