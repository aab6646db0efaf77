"""What `orchestrator promote` found: the sentence, the figures, every check with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.listings import listing
from orchestrator.views.numbers import NOTHING, count, metric, percent, percent_between

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.promoting.candidate import Candidate
    from orchestrator.promoting.decision import Figure, PromotionDecision
    from orchestrator.promoting.paired import Bounds

_WORDS = {True: "holds", False: "fails"}
_STYLES = {True: "green", False: "red"}


def print_promotion(console: Console, decision: PromotionDecision) -> None:
    """Print it; the sentence comes last, where a person looks first."""
    if decision.candidate is not None:
        console.print(_finalists(decision.candidate))
    if decision.figures:
        console.print(_figures(decision))
    checks = listing("check", "", "why")
    for reason in decision.reasons:
        told = Text(_WORDS[reason.holds], style=_STYLES[reason.holds])
        checks.add_row(reason.check, told, Text(reason.words))
    console.print(checks)
    for line in _notes(decision):
        console.print(Text(line, style="dim"))
    console.print(Text(decision.sentence, style="bold" if decision.promote else "bold red"))


def _finalists(candidate: Candidate) -> Table:
    name = candidate.metric
    table = listing("finalist", f"{name} on validation>", "95 %>", "repeats>", "configuration")
    for row in candidate.finalists:
        bounds = NOTHING
        if row.low is not None and row.high is not None:
            bounds = f"{metric(name, row.low)} to {metric(name, row.high)}"
        done = sum(value == value for value in row.values)
        out = f" ({row.reason})" if row.reason else ""
        table.add_row(
            f"trial {row.trial}",
            metric(name, row.mean),
            bounds,
            count(done),
            Text(f"{row.label}{out}"),
            style="bold" if row.trial == candidate.trial else "",
        )
    return table


def _figures(decision: PromotionDecision) -> Table:
    before = f"version {decision.against}>" if decision.against else "champion>"
    table = listing("test images", "n>", "candidate>", before, "difference>")
    for figure in decision.figures:
        table.add_row(
            figure.name,
            count(figure.candidate.count),
            _bounds(figure.candidate),
            _bounds(figure.champion),
            _difference(figure),
        )
    return table


def _bounds(bounds: Bounds | None) -> str:
    return NOTHING if bounds is None else percent_between(bounds.value, bounds.low, bounds.high)


def _difference(figure: Figure) -> str:
    by = figure.difference
    if by is None:
        return NOTHING
    return f"{100 * by.value:+.1f} ({100 * by.low:+.1f} to {100 * by.high:+.1f})"


def _notes(decision: PromotionDecision) -> list[str]:
    lines = []
    candidate, attack = decision.candidate, decision.attack
    if candidate is not None:
        lines.append(
            f"Weights: repeat {candidate.repeat}, the best on its own validation images "
            f"(trial {candidate.repeats_trial} of {candidate.repeats_study})."
        )
    if attack:
        curve = attack.get("worst_case", {})
        pairs = zip(curve.get("eps_255", ()), curve.get("candidate", ()), strict=False)
        told = ", ".join(f"{percent(share)} at {eps:g}" for eps, share in pairs)
        chosen = f"; {attack['chosen']}" if attack.get("chosen") else ""
        lines.append(f"Attack: {attack.get('attack')}, accuracy by eps in 1/255: {told}{chosen}.")
    lines += list(decision.warnings)
    if decision.test_openings:
        times = "time" if decision.test_openings == 1 else "times"
        lines.append(
            f"The test split was opened {count(decision.test_openings)} {times} for this study."
        )
    return lines
