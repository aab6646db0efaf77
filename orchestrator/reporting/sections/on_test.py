"""What the test split said, and how often it was asked."""

from __future__ import annotations

from orchestrator.reporting.blocks import Block, Section, Table, cells, paragraph
from orchestrator.reporting.material import Material
from orchestrator.views.numbers import count, percent, percent_between

_MOST = 20


def on_test_section(material: Material) -> Section:
    """Left out for a trainable of one's own, which has no test split."""
    if not material.spec.has_images:
        return Section("test", "")
    blocks: list[Block] = [paragraph(openings_said(material.openings))]
    if material.tests:
        blocks.append(_table(material))
    return Section("test", "On the test split", tuple(blocks))


def openings_said(openings: int) -> str:
    """How often, and what that means."""
    if not openings:
        return "The test split was not opened: every choice rests on validation images alone."
    if openings == 1:
        return "The test split was opened once for this study."
    return (
        f"The test split was opened {count(openings)} times for this study: the more often one "
        "looks, the less its figures are worth."
    )


def _table(material: Material) -> Table:
    name = "val_acc"
    rows = [
        cells(
            str(each.trial.number),
            each.trial.label,
            percent_between(each.accuracy, each.low, each.high),
            percent(each.trial.metrics.get(name)),
            count(each.count),
        )
        for each in material.tests[:_MOST]
    ]
    caption = "Accuracy on the test split, in per cent with 95 % intervals (Wilson)"
    columns = ("#", "trial", "test", "validation", "images")
    return Table(caption, columns, tuple(rows), frozenset({1}), frozenset({0}))
