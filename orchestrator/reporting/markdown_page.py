"""A report as Markdown; its pictures are files beside it, in `pictures/`."""

from __future__ import annotations

import re
from functools import singledispatch

from orchestrator.reporting.blocks import (
    Code,
    Facts,
    Figure,
    Inline,
    Items,
    Listing,
    Paragraph,
    Section,
    Strong,
    Table,
    Words,
)
from orchestrator.reporting.report import StudyReport
from orchestrator.reporting.sections.setting import moment
from orchestrator.views.markdown import escaped

PICTURES = "pictures"
"""The folder of the pictures, beside the text."""

_AT_START = re.compile(r"^(\s*\d*)([#+-]|(?<=\d)[.)])(?=\s)")


def page(report: StudyReport) -> str:
    """The whole text."""
    first, *others = report.answer
    figures = ", ".join(f"{name} {value}" for name, value in report.highlights)
    parts = [
        f"# {escaped(report.question or report.study)}",
        f"Report of the study {_code(report.study)}, made on {moment(report.made)}.",
        "## The answer",
        f"**{escaped(first)}**",
        "\n".join(f"- {escaped(sentence)}" for sentence in others),
        f"*{escaped(figures)}*" if figures else "",
        *(part for section in report.sections for part in _section(section)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> list[str]:
    return [f"## {escaped(section.title)}", *(_block(block) for block in section.blocks)]


@singledispatch
def _block(block: object) -> str:
    raise TypeError(f"No way to write a {type(block).__name__} in Markdown.")


@_block.register
def _paragraph(block: Paragraph) -> str:
    words = _words(block.words)
    return f"> {words}" if block.aside else _AT_START.sub(r"\1\\\2", words)


@_block.register
def _items(block: Items) -> str:
    return "\n".join(f"- {_words(words)}" for words in block.items)


@_block.register
def _facts(block: Facts) -> str:
    rows = [f"| {escaped(name)} | {_words(words)} |" for name, words in block.rows]
    return "\n".join(["| | |", "| --- | --- |", *rows])


@_block.register
def _table(block: Table) -> str:
    ways = [":--" if place in block.text else "--:" for place in range(len(block.columns))]
    lines = [_row([escaped(name) for name in block.columns]), _row(ways)]
    for place, row in enumerate(block.rows):
        written = [_words(words) for words in row]
        strong = place in block.strong
        lines.append(_row([f"**{cell}**" if strong and cell else cell for cell in written]))
    return f"{escaped(block.caption)}:\n\n" + "\n".join(lines)


@_block.register
def _figure(block: Figure) -> str:
    return f"![{escaped(block.alt)}]({PICTURES}/{block.name}.png)\n\n*{escaped(block.caption)}*"


@_block.register
def _listing(block: Listing) -> str:
    longest = max((len(run) for run in re.findall(r"`+", block.text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{block.language}\n{block.text}\n{fence}"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _words(words: Words) -> str:
    return "".join(_inline(part) for part in words)


def _inline(part: Inline) -> str:
    if isinstance(part, Strong):
        return f"**{escaped(part.text)}**"
    return _code(part.text) if isinstance(part, Code) else escaped(part, strip=False)


def _code(text: str) -> str:
    """In code marks; a bar would end a table's cell even there (GFM 4.10)."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{marks}{pad}{' '.join(text.split())}{pad}{marks}".replace("|", "\\|")
