"""Whether the best is the best: repeats, where luck may have chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orchestrator.reporting.material import Material
from orchestrator.reporting.next_steps.step import NextStep
from orchestrator.reporting.rivals import rivals
from orchestrator.reporting.words import listed
from orchestrator.study.spec import FINALISTS
from orchestrator.views.numbers import count
from search_spaces.references import PREFIX

if TYPE_CHECKING:
    from orchestrator.comparing.comparison import Comparison


def confirm(material: Material) -> Iterator[NextStep]:
    """A comparison where there is none; more repeats where one could not tell.

    Rows of a reference system are what they are: none of them was chosen.
    """
    if material.comparisons:
        yield from _more_repeats(material)
    elif material.groups and not material.spec.space.startswith(PREFIX):
        yield from _compare(material)


def _compare(material: Material) -> Iterator[NextStep]:
    names = list(material.groups)
    near = rivals(material).groups
    first = f"{names[0]} is the best of {count(material.done)} trials, and so flattered by chance"
    why = f"{first}; {listed(near)} cannot be told from it by one figure each" if near else first
    what = "Run the best of each backbone again, on fresh seeds and splits"
    command = f"orchestrator compare {material.spec.name} --by backbone{material.place}"
    yield NextStep("confirm", what, why, command)


def _more_repeats(material: Material) -> Iterator[NextStep]:
    for found in material.comparisons:
        first, *others = found.leaders
        if not others:
            continue
        why = f"In {found.study} {first} cannot be told from {listed(others)}"
        why += f" with {count(found.repeats)} repeats"
        command = _again(found, 2 * found.repeats) + material.place
        yield NextStep("confirm", f"Compare by {found.by} with more repeats", why, command)


def _again(found: Comparison, repeats: int) -> str:
    if found.by == FINALISTS:
        return f"orchestrator promote {found.source} --repeats {repeats}"
    name = "" if found.study == f"{found.source}-by-{found.by}" else f" --name {found.study}"
    return f"orchestrator compare {found.source} --by {found.by} --repeats {repeats}{name}"
