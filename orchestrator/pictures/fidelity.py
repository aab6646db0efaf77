"""The rank of exempt trials at the steps where trials are stopped, against their final rank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.pictures.interactive import fragment
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.view import StudyView
from orchestrator.study.facts import TrialFacts
from orchestrator.study.fidelity import (
    FidelityReport,
    StepAgreement,
    exempt_trials,
    fidelity_report,
)
from orchestrator.study.spec import ObjectiveSpec
from orchestrator.views.fidelity_text import saved_line, steps_that_matter
from trainables.pictures.style import png

KEPT, STOPPED = "let through", "would have been stopped by then"


@dataclass(frozen=True)
class Rank:
    """One exempt trial at one step; rank 1 is the best, ties share the mean of their ranks."""

    trial: TrialFacts
    early: float
    final: float
    stopped: bool


@dataclass(frozen=True)
class StepRanks:
    """One panel."""

    title: str
    axis: str
    ranks: tuple[Rank, ...]

    def of(self, *, stopped: bool) -> list[Rank]:
        """Those that would have been stopped by then, or the others."""
        return [rank for rank in self.ranks if rank.stopped == stopped]


def draw_fidelity(view: StudyView) -> Picture | None:
    """The picture; None without early stopping, or with too few exempt trials at every step."""
    from orchestrator.pictures.fidelity_html import interactive_ranks
    from orchestrator.pictures.fidelity_png import static_ranks

    report = fidelity_report(view.trials, view.spec)
    if report is None or not report.steps:
        return None
    exempt = exempt_trials(view.trials, view.spec)
    steps = [_panel(exempt, step, report) for step in steps_that_matter(report.steps)]
    title = "Fidelity: could stopping early be trusted?"
    static, moving = static_ranks(steps, report, title), interactive_ranks(steps, report.unit)
    words = (report.verdict, saved_line(report))
    return Picture("fidelity", title, png(static), fragment(moving, "fidelity", *words))


def _panel(exempt: Sequence[TrialFacts], step: StepAgreement, report: FidelityReport) -> StepRanks:
    found = step.agreement
    where = f"{report.unit} {step.step}"
    return StepRanks(
        f"{where}: tau {found.tau:.2f} ({found.low:.2f} to {found.high:.2f}), n = {found.n}",
        f"rank at {where} (1 is the best)",
        _ranks([trial for trial in exempt if step.step in trial.steps], step.step, report.gate),
    )


def _ranks(trials: Sequence[TrialFacts], step: int, gate: ObjectiveSpec) -> tuple[Rank, ...]:
    from scipy.stats import rankdata

    sign = -1 if gate.direction == "maximize" else 1
    early = rankdata([sign * trial.steps[step] for trial in trials])
    final = rankdata([sign * trial.metrics[gate.metric] for trial in trials])
    return tuple(
        Rank(trial, float(a), float(b), trial.stopped_at is not None and trial.stopped_at <= step)
        for trial, a, b in zip(trials, early, final, strict=True)
    )
