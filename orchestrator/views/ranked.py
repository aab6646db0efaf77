"""The table that ends a search, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from orchestrator.views.numbers import NOTHING, count, duration, percent, si
from orchestrator.views.own_table import own_table
from orchestrator.views.plan_text import left_out_lines
from orchestrator.views.ranked_rows import SECOND, BackboneFacts, RankedRow, ranked_rows
from orchestrator.views.shares import Share
from orchestrator.views.validation_words import (
    attacked_said,
    draws_said,
    images_said,
    validation_said,
)
from trainables.attacks import AUTO_ATTACK

if TYPE_CHECKING:
    from rich.console import Console

    from orchestrator.results import SearchResult, TrialResult


MOST_ROWS = 20
"""Trials in the table, best first."""

_MOST_NAMED = 12


def print_ranked(
    console: Console, result: SearchResult, facts: Mapping[str, BackboneFacts] | None = None
) -> None:
    """Print the ranked table, what it rests on, what went wrong, and the commands to look further.

    Args:
        facts: features and parameters by backbone.
    """
    console.print()
    if not result.ranked:
        console.print(f"No trial of {result.study} has finished.")
    elif result.spec.has_images:
        _print_images(console, result, ranked_rows(result, facts)[:MOST_ROWS])
    else:
        console.print(own_table(result, result.ranked[:MOST_ROWS]))
    hidden = len(result.ranked) - MOST_ROWS
    if hidden > 0:
        console.print(Text(f"{count(hidden)} more finished; --json has all of them.", style="dim"))
    _print_more(console, result)
    _print_label_curves(console, result)
    for line in _troubles(result):
        console.print(Text(line, style="yellow"))
    console.print(Text("\n" + "\n".join(further(result, console.width))), soft_wrap=True)


def _print_images(console: Console, result: SearchResult, rows: tuple[RankedRow, ...]) -> None:
    wide = _wide_table(rows)
    unbounded = console.options.update(width=10_000)
    fits = console.measure(wide, options=unbounded).maximum <= console.width
    console.print(wide if fits else _narrow_table(rows))
    console.print(Text(_basis(result), style="dim"))


def _print_more(console: Console, result: SearchResult) -> None:
    """The Pareto front of several objectives, and what stopping early did."""
    if len(result.objectives) > 1:
        from orchestrator.views.pareto_table import print_front

        print_front(console, result.results, result.spec)
    if result.spec.gate is not None:
        from orchestrator.study.fidelity import fidelity_report
        from orchestrator.views.fidelity_text import fidelity_lines

        report = fidelity_report(result.results, result.spec)
        for line in fidelity_lines(report) if report else ():
            console.print(Text(line, style="dim"))


def _print_label_curves(console: Console, result: SearchResult) -> None:
    """How many labels are enough, where the study asked."""
    from orchestrator.label_curves import read_label_curves
    from orchestrator.views.label_curves_text import print_label_curves

    print_label_curves(console, read_label_curves(result.results, result.spec))


def further(result: SearchResult, width: int) -> list[str]:
    """Why it ended early, what is unsent, and the commands to look further, in `width` columns."""
    lines = [f"Ended early: {result.stopped}."] if result.stopped else []
    lines += [result.unsent] if result.unsent else []
    commands = _commands(result)
    longest = max(len(command) for command, _ in commands)
    beside = [f"  {command:<{longest}}  {what}" for command, what in commands]
    if max(map(len, beside)) <= width:
        return [*lines, *beside]
    return [*lines, *(f"  {command}\n      {what}" for command, what in commands)]


def _commands(result: SearchResult) -> list[tuple[str, str]]:
    study = result.study
    go_on = [(f"orchestrator resume {study}", "go on")] if result.stopped else []
    send = [(f"orchestrator sync {study}", "send the rest to MLflow")] if result.unsent else []
    return [
        *go_on,
        *send,
        (f"orchestrator show {study}", "this table again (--json for programs)"),
        ("orchestrator ui", "runs, curves and pictures in the browser"),
    ]


def _wide_table(rows: tuple[RankedRow, ...]) -> Table:
    """A line a trial, a column a figure."""
    names = tuple(rows[0].searched) if rows else ()
    table = _table("", "#", "backbone", "features", "params", "input", "epochs", *names)
    for name in ("train", "validation", "robust score", "robust 8/255", "extract", "training"):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(rows, start=1):
        table.add_row(
            str(rank),
            str(row.number),
            row.backbone,
            count(row.facts.features) if row.facts else NOTHING,
            si(row.facts.parameters) if row.facts else NOTHING,
            f"{row.input_size} px" if row.input_size else NOTHING,
            count(row.epochs),
            *row.searched.values(),
            *(str(share) for share in (row.train, row.val, row.robust_score, row.robust_acc)),
            duration(row.extract_seconds),
            duration(row.train_seconds),
            style="bold" if rank == 1 else "",
        )
    return table


def _narrow_table(rows: tuple[RankedRow, ...]) -> Table:
    """Two lines a trial: the figure above, its interval (or what belongs to it) below."""
    table = _table("#", "backbone", "input\nepochs", gap=1)
    for name in ("train", "validation", "robust\nscore", "robust\n8/255", "extract\ntraining"):
        table.add_column(name, justify="right", no_wrap=True)
    for rank, row in enumerate(rows, start=1):
        about = (
            f"{count(row.facts.features)} f, {si(row.facts.parameters)} par" if row.facts else ""
        )
        table.add_row(
            str(row.number),
            "\n".join([row.backbone, about, *_named(row)]),
            f"{row.input_size or NOTHING} px\n{count(row.epochs)} ep",
            *(_stacked(share) for share in (row.train, row.val, row.robust_score, row.robust_acc)),
            f"{duration(row.extract_seconds)}\n{duration(row.train_seconds)}",
            style="bold" if rank == 1 else "",
        )
    return table


def _named(row: RankedRow) -> list[str]:
    return [f"{name} {value}" for name, value in row.searched.items()]


def _table(*left: str, gap: int = 2) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for name in left:
        text = name in ("backbone",)
        table.add_column(name, justify="left" if text else "right", no_wrap=True)
    return table


def _stacked(share: Share) -> str:
    interval = "" if share.low is None else f"{percent(share.low)}-{percent(share.high)}"
    return f"{percent(share.value)}\n{interval}"


def _basis(result: SearchResult) -> str:
    split = result.spec.split
    return (
        f"Percent, with 95 % intervals. {count(split.labels_used)} labels used in all"
        f"{draws_said(split)}: "
        f"{images_said(split)}{attacked_said(result.spec)}. {_attacks_said(result)}"
        f"{validation_said(split)} The test split was not opened. "
        "The best of many is flattered by chance: its interval holds for one trial."
    )


def _attacks_said(result: SearchResult) -> str:
    """What the column of one epsilon is of, where that is not what the curve is of."""
    if not any(SECOND in trial.metrics for trial in result.ranked):
        return ""
    base = result.spec.base_config
    first, second = base.get("attack", "fgsm"), base.get("second_attack", AUTO_ATTACK)
    after = "pgd in 10 steps" if second == AUTO_ATTACK else second
    return f"The score is of {first}, robust 8/255 of {after} after it. "


def _troubles(result: SearchResult) -> list[str]:
    """Trials that came to nothing and backbones left out; a line for each different reason."""
    by_reason: dict[tuple[str, str], list[TrialResult]] = {}
    for row in result.results:
        if row.state in ("failed", "pruned", "stopped") and row.stopped_at is None:
            by_reason.setdefault((row.state, " ".join(row.reason.split())), []).append(row)
    lines = [f"{_which(rows)} {state}: {why}" for (state, why), rows in by_reason.items()]
    return lines + [f"Left out: {words}" for words in left_out_lines(result.spec)]


def _which(rows: list[TrialResult]) -> str:
    if len(rows) == 1:
        return f"Trial {rows[0].number} ({rows[0].label})"
    if len(rows) > _MOST_NAMED:
        return f"{count(len(rows))} trials"
    return f"Trials {', '.join(str(row.number) for row in rows)}"
