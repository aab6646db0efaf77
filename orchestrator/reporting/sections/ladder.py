"""The best trials under ever stronger attacks, and how far a cheap attack's ranking holds."""

from __future__ import annotations

from orchestrator.reporting.blocks import (
    Block,
    Code,
    Items,
    Section,
    Strong,
    Table,
    aside,
    cells,
    paragraph,
)
from orchestrator.reporting.material import Material
from orchestrator.views.ladder_table import rung_cell
from orchestrator.views.ladder_words import (
    agreement_line,
    gate_lines,
    rung_line,
    verdict_words,
)
from orchestrator.views.numbers import count, percent

_TITLE = "Under ever stronger attacks"


def ladder_section(material: Material) -> Section:
    """Left out where `orchestrator attack` has not been run; of several epsilons the newest."""
    if not material.ladders:
        return Section("ladder", _TITLE)
    found = material.ladders[0]
    ladder = found.ladder
    blocks: list[Block] = [paragraph(Strong(verdict_words(found))), _table(material)]
    blocks.append(
        aside(
            f"{count(ladder.count)} validation images, {ladder.norm}, at {found.epsilon}. Each "
            "rung counts what was right under all before it; from the second on, what broke "
            "another trial is tried first. The column search is the trial's own attack alone. "
            "Brackets are bounds at 95 %, where a rung ended before it had attacked all images."
        )
    )
    spent = [(rung_line(rung, ladder.count),) for rung in ladder.rungs]
    blocks.append(Items(tuple(spent + [(line,) for line in gate_lines(found)])))
    if found.agreements:
        blocks.append(paragraph("How far each ranking agrees with the next, stronger one:"))
        blocks.append(Items(tuple((agreement_line(each),) for each in found.agreements)))
    if len(material.ladders) > 1:
        others = ", ".join(
            f"{each.ladder.norm} {each.ladder.eps_255:g}/255" for each in material.ladders[1:]
        )
        blocks.append(aside(f"Attacked before at {others}; the results lie in ", Code("ladder/")))
    return Section("ladder", _TITLE, tuple(blocks))


def _table(material: Material) -> Table:
    found = material.ladders[0]
    rungs = found.ladder.rungs
    rows = [
        cells(
            str(trial.number),
            trial.label,
            percent(found.ladder.clean[trial.name]),
            percent(trial.recorded),
            *(rung_cell(rung, trial.name) for rung in rungs),
            percent(found.union(trial.name).accuracy),
        )
        for trial in found.ranked
    ]
    columns = ("#", "trial", "clean", "search", *(rung.rung for rung in rungs), "union")
    caption = f"Accuracy at {found.ladder.eps_255:g}/255, in per cent"
    return Table(caption, columns, tuple(rows), frozenset({1}), frozenset({0}))
