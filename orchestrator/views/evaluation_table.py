"""What an evaluation found: overall, class by class, and what is taken for what."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.evaluating.files import WORDS
from orchestrator.evaluating.result import Evaluated
from orchestrator.views.console import console_for
from orchestrator.views.listings import listing
from orchestrator.views.numbers import (
    count,
    duration,
    metric,
    percent,
    percent_between,
    plain,
)
from trainables.corruptions.report import CorruptionReport
from trainables.evaluation import BestEpoch, Evaluation

if TYPE_CHECKING:
    from trainables.attacks.masking_check import MaskingCheck

MOST_CLASSES = 30
"""Rows by class; of more classes the worst are shown."""


def print_evaluated(found: Evaluated) -> None:
    """The tables, then how often the test split was opened and where the files are."""
    console = console_for(sys.stdout)
    heading = f"{found.name}: {found.label}" if found.label else found.name
    console.print(Text(heading, style="bold"))
    console.print(Text(f"on the {WORDS[found.split]} split of {found.data}"))
    evaluation = found.evaluation
    for table in (_overall(evaluation), _by_class(evaluation)):
        console.print()
        console.print(table)
    console.print(Text(_left_out(evaluation), style="dim"), end="")
    console.print()
    if evaluation.most_confused:
        console.print(_confused(evaluation))
    else:
        console.print(Text("No mistake was made."))
    if found.corruptions is not None:
        console.print()
        console.print(_corrupted(found.corruptions))
    console.print()
    if found.masking is not None:
        for alarm in found.masking.alarms:
            console.print(Text(f"Do not trust its robustness yet: {alarm.words}", style="bold red"))
    for line in _lines(found):
        console.print(Text(line))


def _overall(evaluation: Evaluation) -> Table:
    table = listing("images>", "accuracy (95 %)", "balanced>", "loss>", "calibration error>")
    low, high = evaluation.accuracy_low, evaluation.accuracy_high
    table.add_row(
        count(evaluation.count),
        percent_between(evaluation.accuracy, low, high),
        percent(evaluation.balanced_accuracy),
        plain(evaluation.loss),
        percent(evaluation.ece),
    )
    return table


def _by_class(evaluation: Evaluation) -> Table:
    table = listing("class", "images>", "precision>", "recall>", "F1>")
    rows = list(evaluation.per_class)
    if len(rows) > MOST_CLASSES:
        rows = sorted(rows, key=lambda row: 2.0 if row.f1 is None else row.f1)[:MOST_CLASSES]
    for row in rows:
        figures = (percent(row.precision), percent(row.recall), percent(row.f1))
        table.add_row(Text(row.name), count(row.support), *figures)
    return table


def _left_out(evaluation: Evaluation) -> str:
    number = len(evaluation.per_class)
    if number <= MOST_CLASSES:
        return ""
    return f"The {MOST_CLASSES} classes of the lowest F1, of {number}; all are in the files.\n"


def _confused(evaluation: Evaluation) -> Table:
    table = listing("most confused", "taken for", "images>", "of the class>")
    for pair in evaluation.most_confused:
        cells = (Text(pair.label), Text(pair.predicted))
        table.add_row(*cells, count(pair.count), f"{percent(pair.share)} %")
    return table


def _corrupted(report: CorruptionReport) -> Table:
    """A row a corruption, the means last."""
    table = listing("corruption", *(f"severity {s}>" for s in report.severities), "mean>")
    for name, shares in report.accuracy.items():
        mean = percent(report.by_name[name])
        table.add_row(Text(name), *(percent(share) for share in shares), mean)
    means = (percent(share) for share in report.by_severity.values())
    table.add_row(Text("mean"), *means, percent(report.mean), style="bold")
    return table


def _corrupted_said(report: CorruptionReport) -> str:
    source = report.provenance.get("source")
    where = "made here" if source == "generated" else f"from {report.provenance.get('folder')}"
    clean = (
        "" if report.clean is None else f"; the same images as they are: {percent(report.clean)}"
    )
    return f"Corruptions, accuracy in per cent: {count(report.count)} images each, {where}{clean}."


def masking_in_words(check: MaskingCheck) -> str:
    """`Masked gradients: no sign of them (64 images, 300 black-box queries, 2.1s).`"""
    if check.skipped:
        return f"Masked gradients were not looked for: {check.skipped}."
    found = ", ".join(check.names) if check.alarms else "no sign of them"
    spent = f"{count(check.images)} images, {count(check.queries)} black-box queries"
    return f"Masked gradients: {found} ({spent}, {duration(check.seconds)})."


def _lines(found: Evaluated) -> Iterator[str]:
    if found.corruptions is not None:
        yield _corrupted_said(found.corruptions)
    if found.masking is not None:
        yield masking_in_words(found.masking)
    if found.evaluation.best_epoch is not None:
        yield best_epoch_in_words(found.evaluation.best_epoch)
    yield openings_in_words(found)
    yield f"{len(found.files)} files in {found.folder} ({duration(found.seconds)})"
    if found.unsent:
        yield f"Not sent to MLflow: {found.unsent}"


def best_epoch_in_words(best: BestEpoch) -> str:
    """`Best epoch by val_loss: 7 (0.512); the last of 10 measured, 10, has 0.53.`"""
    value, last = metric(best.metric, best.value), metric(best.metric, best.last)
    words = f"Best epoch by {best.metric}: {best.epoch} ({value})"
    if best.epoch == best.last_epoch:
        return f"{words}, the last of {best.measured} measured."
    return f"{words}; the last of {best.measured} measured, {best.last_epoch}, has {last}."


def openings_in_words(found: Evaluated) -> str:
    """`The test split of this study was opened 3 times, this one included.`"""
    whose = {"study": "this study", "trial": "this trial's folder"}
    what = whose.get(found.counted_for, f"{found.data}, on this machine,")
    if not found.test_openings:
        return f"The test split of {what} was never opened."
    times = "once" if found.test_openings == 1 else f"{count(found.test_openings)} times"
    now = ", this one included" if found.split == "test" else ""
    return f"The test split of {what} was opened {times}{now}."
