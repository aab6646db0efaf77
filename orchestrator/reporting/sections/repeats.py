"""What was found when the best of each was run again, on fresh seeds and splits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.reporting.blocks import (
    Block,
    Code,
    Figure,
    Items,
    Section,
    Strong,
    Table,
    aside,
    cells,
    paragraph,
)
from orchestrator.reporting.material import Material
from orchestrator.views.comparison_table import basis
from orchestrator.views.numbers import NOTHING, metric

if TYPE_CHECKING:
    from orchestrator.comparing.comparison import Comparison

_MOST_PAIRS = 15


def repeats_section(material: Material) -> Section:
    """The comparison itself, of a study that is one; else those that were made of this study."""
    from orchestrator.comparing.comparison import read_comparison

    blocks: list[Block] = []
    if material.spec.comparison is not None:
        found = read_comparison(material.trials, material.spec)
        blocks += _blocks(found) if found.arms else [paragraph(found.verdict)]
        blocks += [_picture(found)] if len(found.arms) > 1 else []
    for comparison in material.comparisons:
        blocks.append(paragraph("By ", Code(comparison.by), ", in ", Code(comparison.study), ":"))
        blocks += _blocks(comparison)
    return Section("repeats", "Run again on fresh seeds and splits", tuple(blocks))


def _blocks(comparison: Comparison) -> list[Block]:
    pairs = comparison.differences
    shown = pairs if len(pairs) <= _MOST_PAIRS else pairs[: len(comparison.arms) - 1]
    sentences = [each.sentence(comparison.metric) for each in shown]
    sentences += [f"left out: {each.backbone}: {each.reason}" for each in comparison.left_out]
    listed = [Items(tuple((sentence,) for sentence in sentences))] if sentences else []
    verdict = paragraph(Strong(comparison.verdict))
    return [verdict, _table(comparison), *listed, aside(basis(comparison))]


def _table(comparison: Comparison) -> Table:
    name = comparison.metric
    rows = []
    for arm in comparison.arms:
        bounds = NOTHING
        if arm.mean.low is not None and arm.mean.high is not None:
            bounds = f"{metric(name, arm.mean.low)} to {metric(name, arm.mean.high)}"
        values = ", ".join(metric(name, value) for value in arm.values)
        repeats = str(arm.mean.repeats)
        rows.append(
            cells(arm.name, metric(name, arm.mean.mean), bounds, repeats, values, arm.label)
        )
    arrow = "↑" if comparison.maximize else "↓"
    columns = (comparison.by, f"{name} {arrow}", "95 %", "repeats", "each", "configuration")
    leaders = set(comparison.leaders)
    strong = frozenset(p for p, arm in enumerate(comparison.arms) if arm.name in leaders)
    caption = f"Mean {name} of each; in bold the best and what cannot be told from it"
    return Table(caption, columns, tuple(rows), frozenset({0, 5}), strong)


def _picture(comparison: Comparison) -> Figure:
    from orchestrator.pictures.arms_png import static_arms
    from trainables.pictures.style import png

    title = f"Which {comparison.by} is the best?"
    drawn = png(static_arms(comparison, title))
    alt = " ".join((comparison.verdict, *(f"{s}." for s in comparison.sentences[:3])))
    caption = "Each repeat, the means, and the differences of all pairs, with 95 % intervals."
    return Figure("arms", caption, alt, drawn)
