"""The fidelity report as lines: could stopping early be trusted, and what did it save?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import count, duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.study.fidelity import FidelityReport, StepAgreement

_MOST_STEPS = 6


def fidelity_lines(report: FidelityReport) -> list[str]:
    """The verdict, the agreement at the steps that matter, and what was saved."""
    lines = [report.verdict]
    lines += [f"  {_step_line(step, report.unit)}" for step in steps_that_matter(report.steps)]
    return [*lines, saved_line(report)]


def steps_that_matter(
    steps: Sequence[StepAgreement], most: int = _MOST_STEPS
) -> tuple[StepAgreement, ...]:
    """Those where most trials were stopped; without any stop, some evenly apart; ascending."""
    stopping = [step for step in steps if step.stops]
    if stopping:
        chosen = sorted(stopping, key=lambda step: (-step.stops, step.step))[:most]
        return tuple(sorted(chosen, key=lambda step: step.step))
    apart = -(-len(steps) // most) if steps else 1
    return tuple(steps[apart - 1 :: apart])


def saved_line(report: FidelityReport) -> str:
    """What stopping early saved, or cost, and the price of knowing it."""
    saved, unit = report.savings, f"{report.unit}s"
    if not saved.stopped:
        return "No trial was stopped early, so nothing was saved."
    exempt = f"; exempt trials took {count(saved.exempt)} of those run" if saved.exempt else ""
    of = f"{count(saved.run)} run instead of {count(saved.planned)}"
    if saved.saved < 0:
        more = f"{-saved.share:.0%}".replace("%", " %")
        return f"It cost {more} more {unit} than it saved: {of}{exempt}."
    time = "" if saved.seconds is None else f", about {duration(saved.seconds)} of trials' time"
    share = f"{saved.share:.0%}".replace("%", " %")
    stopped = f"{count(saved.stopped)} trial{'' if saved.stopped == 1 else 's'} stopped"
    return f"{stopped}: {share} of all {unit} saved{time} ({of}{exempt})."


def _step_line(step: StepAgreement, unit: str) -> str:
    agreement = step.agreement
    stops = f"{step.stops} stop{'' if step.stops == 1 else 's'}" if step.stops else "no stops"
    return (
        f"{unit} {step.step}: Kendall's tau {agreement.tau:.2f} "
        f"({agreement.low:.2f} to {agreement.high:.2f}), n = {agreement.n}, {stops}"
    )
