"""The fidelity report's answer in words: could stopping early be trusted here?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import metric

if TYPE_CHECKING:
    from orchestrator.study.fidelity import FidelityReport, StepAgreement


def verdict(report: FidelityReport) -> str:
    """The answer, with what it rests on."""
    from orchestrator.study.fidelity import LEAST

    n = len(report.exempt)
    if n < LEAST:
        return f"{_trials(n)}: too few to tell; {LEAST} is the least."
    if report.best_lost:
        return f"Stopping early would have missed the best here: {best_words(report)}."
    if report.decisive is None:
        return f"Nothing to tell: not one trial was stopped, nor would one of {n} exempt ones be."
    words = f"{agreement_words(report.decisive, report.unit)}; {best_words(report)}"
    if report.trusted:
        return f"Stopping early could be trusted here: {words}."
    return f"Whether stopping early could be trusted cannot be told from chance: {words}."


def agreement_words(step: StepAgreement, unit: str) -> str:
    """`of two trials the better at epoch 3 was the better at the end in 86 % (71-95), n = 12`."""
    low, high = step.agreement.kept_between
    return (
        f"of two exempt trials the better at {unit} {step.step} was the better at the end in "
        f"{100 * step.agreement.kept:.0f} % of pairs ({100 * low:.0f}-{100 * high:.0f}, "
        f"n = {step.agreement.n})"
    )


def best_words(report: FidelityReport) -> str:
    """What would have become of the best exempt trial."""
    stopped, n = len(report.would_stop), len(report.exempt)
    if not stopped:
        return f"none of {n} exempt trials would have been stopped"
    would = f"of {n} exempt trials {stopped} would have been stopped"
    name = report.gate.metric
    if report.best_kept is None:
        return f"{would}, so all of them"
    return (
        f"{would}, {'the best among them' if report.best_lost else 'the best not among them'} "
        f"({name} {metric(name, report.best_stopped)}, of the others "
        f"{metric(name, report.best_kept)} at best)"
    )


def _trials(n: int) -> str:
    return f"{n or 'No'} exempt trial{'' if n == 1 else 's'}"
