"""What a ladder of attacks found, in sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.views.numbers import count, duration, percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.attacking.agreement import RungAgreement
    from orchestrator.attacking.result import StudyAttack
    from trainables.attacks.ladder.result import Pairing, RungResult


def verdict_words(found: StudyAttack) -> str:
    """Which trial is the best under all of it, and whether that is settled."""
    ladder, best = found.ladder, found.best
    if best is None or not ladder.rungs:
        return "No trial was attacked."
    union = percent(found.union(best.name).accuracy)
    left = (
        f"{union} % of its images right at {ladder.eps_255:g}/255 under everything that was tried"
    )
    if len(found.trials) == 1:
        return f"Trial {best.number} has about {left}."
    sure = (
        "No other trial is better by more than "
        f"{100 * ladder.margin:g} points, with a probability of error of at most "
        f"{100 * ladder.alpha:g} % on each rung."
        if all(rung.settled for rung in ladder.rungs)
        else f"It is not settled that it is the best: {not_settled(ladder.rungs)}."
    )
    return f"Trial {best.number} leads with about {left}. {sure}{_of_all_together(found)}"


def _of_all_together(found: StudyAttack) -> str:
    """Another finalist that the union leaves more than the one that led the last rung; or ""."""
    best = found.best
    assert best is not None
    finalists = {figure.name for figure in found.ladder.rungs[-1].figures}
    first = max(
        (each for each in found.ladder.union if each.name in finalists),
        key=lambda each: (each.accuracy, each.name == best.name),
    )
    if first.name == best.name:
        return ""
    return f" What broke any of them leaves {first.name} more, though: {percent(first.accuracy)} %."


def not_settled(rungs: tuple[RungResult, ...]) -> str:
    """The rungs that ended before their decision was settled, with why."""
    return ", and ".join(
        f"{rung.rung} ended because {rung.ended}" for rung in rungs if not rung.settled
    )


def rung_line(rung: RungResult, sample: int) -> str:
    """`pgd50x10: up to 48 of 256 images on 3 trials, 41,204 passes, 12s; it ended because ...`."""
    reached = max((figure.attacked for figure in rung.figures), default=0)
    nets = len(rung.figures)
    return (
        f"{rung.rung}: up to {count(reached)} of {count(sample)} images on {nets} "
        f"trial{'' if nets == 1 else 's'}, {count(rung.passes)} passes, "
        f"{duration(rung.seconds)}; it ended because {rung.ended}"
    )


def pairing_line(pairing: Pairing) -> str:
    """`trial 3 is better than trial 5 (12 of 80 images that could tell)`."""
    words = {
        "better": "is better than",
        "worse": "is worse than",
        "alike": "is alike within the margin with",
        "open": "cannot be told yet from",
    }
    sure = "certain" if pairing.certain else f"{count(pairing.drawn)} of {count(pairing.count)}"
    told = "" if pairing.certain else " images that could tell"
    return f"{pairing.first} {words[pairing.word]} {pairing.second} ({sure}{told})"


def agreement_line(each: RungAgreement) -> str:
    """`pgd10 to pgd50x10: Kendall's tau 0.80 (0.10 to 0.97), n = 5, the same best`."""
    best = "the same best" if each.same_best else "another best"
    if each.agreement is None:
        return f"{each.first} to {each.second}: n = {each.n}, {best}"
    told = each.agreement
    return (
        f"{each.first} to {each.second}: Kendall's tau {told.tau:.2f} "
        f"({told.low:.2f} to {told.high:.2f}), n = {each.n}, {best}"
    )


def gate_lines(found: StudyAttack) -> Iterator[str]:
    """Whether each finalist holds the gate, where one was asked for."""
    gate = found.ladder.gate
    if gate is None or not found.ladder.rungs:
        return
    words = {
        "above": "holds the gate of",
        "below": "does not hold the gate of",
        "open": "cannot be told yet to hold the gate of",
    }
    for name, word in found.ladder.rungs[-1].gates.items():
        yield f"{name} {words[word]} {percent(gate)} %"
