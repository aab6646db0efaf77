"""What `orchestrator data check` found, for people: what was looked at, then each finding."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.text import Text

from orchestrator.views.console import console_for
from orchestrator.views.listings import listing
from orchestrator.views.numbers import count, duration, percent

if TYPE_CHECKING:
    from trainables.data.check import DataCheck, Pair
    from trainables.data.check.value import Blank, Kind

SHOWN = 5
"""Pairs and files named of each kind; `--json` has all of them."""
MANY = 0.2
"""Share of near duplicates from which the images may simply be too alike to be told apart."""


def print_check(found: DataCheck) -> None:
    """Counts by class, then warnings, then what to do."""
    console = console_for(sys.stdout)
    console.print(Text(_heading(found), style="bold"))
    console.print()
    console.print(_class_table(found))
    console.print()
    if found.unusable:
        console.print(Text(f"Unusable: {found.unusable}.", style="bold red"))
    warnings = list(_warnings(found))
    for words, lines in warnings:
        console.print(Text(f"! {words}", style="yellow"))
        for line in lines:
            console.print(Text(f"    {line}", style="dim"))
    if not warnings and not found.unusable:
        console.print(Text("Nothing to warn of.", style="green"))
    for line in _footer(found):
        console.print(Text(line, style="dim"))


def _heading(found: DataCheck) -> str:
    size = f" of {found.image_size} x {found.image_size}" if found.image_size else ""
    return (
        f"{found.name}: {count(found.images)} training and {count(found.test_images)} test "
        f"images{size}, {len(found.classes)} classes"
    )


def _class_table(found: DataCheck) -> object:
    table = listing("class", "train>", "test>")
    ordered = sorted(found.classes, key=lambda each: -each.train)
    shown = ordered if len(ordered) <= 2 * SHOWN else [*ordered[:SHOWN], None, *ordered[-SHOWN:]]
    for each in shown:
        if each is None:
            table.add_row(f"... {len(ordered) - 2 * SHOWN} more", "", "")
        else:
            table.add_row(each.name, count(each.train), count(each.test))
    return table


def _warnings(found: DataCheck) -> Iterator[tuple[str, list[str]]]:
    """Each finding in a line, with the first few of what it is about."""
    if found.unreadable:
        lines = [f"{each.file}: {each.reason}" for each in found.unreadable]
        yield _counted("Files that cannot be read (so nothing was compared)", len(lines)), lines
    yield from _duplicates(found)
    kinds: tuple[Kind, ...] = ("exact", "near")
    for kind in kinds:
        if pairs := found.disagreeing(kind):
            yield _counted(f"Pairs of {kind} copies under two labels", len(pairs)), _first(pairs)
    if found.blank:
        lines = [f"{_place(each)} ({each.label})" for each in found.blank]
        yield _counted("Images of one colour", len(lines)), _few(lines)
    yield from _imbalance(found)
    if found.originals and found.originals.enlarged:
        said = f"Files smaller than the stored {found.image_size} px, and enlarged"
        yield _counted(said, found.originals.enlarged), []


def _duplicates(found: DataCheck) -> Iterator[tuple[str, list[str]]]:
    for split, total, words in (
        ("test", found.test_images, "Test images with {} copy in the training images"),
        ("train", found.images, "Training images that are {} copy of an earlier one"),
    ):
        for kind, article in (("exact", "an exact"), ("near", "a near")):
            pairs = [pair for pair in found.pairs if (pair.split, pair.kind) == (split, kind)]
            if pairs:
                share = len(pairs) / total
                said = f"{_counted(words.format(article), len(pairs))} ({percent(share)} %)"
                if kind == "near" and share > MANY:
                    said += "; so many may only be alike: look at pictures (--out)"
                yield said, _first(pairs)


def _imbalance(found: DataCheck) -> Iterator[tuple[str, list[str]]]:
    from trainables.data.check.value import FEW, UNBALANCED

    most = max(found.classes, key=lambda each: each.train)
    least = min(found.classes, key=lambda each: each.train)
    if found.imbalance > UNBALANCED:
        times = f", {found.imbalance:.1f} times as many" if least.train else ""
        counts = f"{count(most.train)} of {most.name}, {count(least.train)} of {least.name}"
        yield f"Unbalanced training images: {counts}{times}", []
    if few := found.small_classes:
        yield _counted(f"Classes with fewer than {FEW} training images", len(few)), _few(few)


def _counted(what: str, number: int) -> str:
    return f"{what}: {count(number)}"


def _place(blank: Blank) -> str:
    return str(blank.file or f"{blank.split} {blank.index}")


def _first(pairs: tuple[Pair, ...] | list[Pair]) -> list[str]:
    return _few([_in_words(pair) for pair in pairs])


def _in_words(pair: Pair) -> str:
    one = pair.file or f"{pair.split} {pair.index}"
    other = pair.other_file or f"train {pair.other}"
    labels = pair.label if pair.labels_agree else f"{pair.label} / {pair.other_label}"
    alike = "" if pair.kind == "exact" else f", {pair.similarity:.2f} alike"
    return f"{one} = {other} ({labels}{alike})"


def _few(lines: tuple[str, ...] | list[str]) -> list[str]:
    left = len(lines) - SHOWN
    return [*lines[:SHOWN], *([f"and {count(left)} more"] if left > 0 else [])]


def _footer(found: DataCheck) -> Iterator[str]:
    if files := found.originals:
        sides = f"shorter side {files.smallest} to {files.largest} px, median {files.median}"
        yield f"Files: {sides}; {count(files.cut)} not square, stored as their middle"
    for picture in found.pictures:
        yield f"Look at {picture}"
    if found.digest:
        yield "Test images were read to compare them, no model saw them; the reading is on record."
    yield f"Took {duration(found.seconds)}"
