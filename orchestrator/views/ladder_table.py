"""The trials of a ladder of attacks as a table, then what was settled and what it cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.console import console_for
from orchestrator.views.ladder_words import (
    agreement_line,
    gate_lines,
    pairing_line,
    rung_line,
    verdict_words,
)
from orchestrator.views.listings import listing
from orchestrator.views.numbers import NOTHING, count, duration, percent, percent_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.attacking.result import AttackedTrial, StudyAttack
    from trainables.attacks.ladder.result import RungResult


def print_attack(found: StudyAttack) -> None:
    """All of it, on standard output."""
    console = console_for(sys.stdout)
    ladder = found.ladder
    console.print(Text(verdict_words(found), style="bold"))
    basis = (
        f"{found.study}: accuracy in per cent on {count(ladder.count)} validation images at "
        f"{found.epsilon} ({ladder.norm}); brackets: 95 % bounds where a rung ended early"
    )
    console.print(Text(basis, style="dim"))
    console.print()
    console.print(_table(found))
    console.print()
    for line in _lines(found):
        console.print(Text(line))


def _table(found: StudyAttack) -> Table:
    rungs = found.ladder.rungs
    table = listing(
        "trial", "clean>", "search>", *(f"{rung.rung}>" for rung in rungs), "union>", "passes>",
        "time>", "configuration",
    )  # fmt: skip
    for trial in found.ranked:
        passes, seconds = _spent(found, trial)
        table.add_row(
            str(trial.number),
            percent(found.ladder.clean[trial.name]),
            percent(trial.recorded),
            *(rung_cell(rung, trial.name) for rung in rungs),
            percent(found.union(trial.name).accuracy),
            count(passes),
            duration(seconds),
            Text(trial.label, style="dim"),
        )
    return table


def rung_cell(rung: RungResult, name: str) -> str:
    """`31.2`, `31 (24-38)` of a part of the sample, `-` where the trial did not come so far."""
    figure = next((each for each in rung.figures if each.name == name), None)
    if figure is None:
        return NOTHING
    if figure.whole:
        return percent(figure.accuracy)
    return percent_between(figure.accuracy, figure.low, figure.high)


def _spent(found: StudyAttack, trial: AttackedTrial) -> tuple[int, float]:
    figures = [f for rung in found.ladder.rungs for f in rung.figures if f.name == trial.name]
    passes = sum(f.passes for f in figures) + found.union(trial.name).passes
    return found.ladder.count + passes, sum(f.seconds for f in figures)


def _lines(found: StudyAttack) -> Iterator[str]:
    ladder = found.ladder
    for rung in ladder.rungs:
        yield rung_line(rung, ladder.count)
    if ladder.rungs:
        yield from (f"  {pairing_line(each)}" for each in ladder.rungs[-1].pairings)
    yield from gate_lines(found)
    for each in found.agreements:
        yield f"Agreement, {agreement_line(each)}"
    for item in found.left_out:
        yield f"Left out: trial {item['trial']}: {item['reason']}"
    yield (
        f"{count(ladder.passes)} passes in {duration(found.seconds)}; kept in {found.folder}, and "
        "shown by `orchestrator report`"
    )
    if found.unsent:
        yield f"Not sent to MLflow: {found.unsent}"
