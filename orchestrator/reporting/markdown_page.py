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

PICTURES = "pictures"
"""The folder of the pictures, beside the text."""

# What would start a tag, a link, emphasis, or end a table's cell. An underscore within a word is
# none of it (CommonMark 0.31, 6.2), so that names of nets can be read as they are.
_SIGNS = re.compile(r"([\\`*\[\]<>|~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))")
_AT_START = re.compile(r"^(\s*\d*)([#+-]|(?<=\d)[.)])(?=\s)")


def page(report: StudyReport) -> str:
    """The whole text."""
    first, *others = report.answer
    figures = ", ".join(f"{name} {value}" for name, value in report.highlights)
    parts = [
        f"# {_text(report.question or report.study)}",
        f"Report of the study {_code(report.study)}, made on {moment(report.made)}.",
        "## The answer",
        f"**{_text(first)}**",
        "\n".join(f"- {_text(sentence)}" for sentence in others),
        f"*{_text(figures)}*" if figures else "",
        *(part for section in report.sections for part in _section(section)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(section: Section) -> list[str]:
    return [f"## {_text(section.title)}", *(_block(block) for block in section.blocks)]


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
    rows = [f"| {_text(name)} | {_words(words)} |" for name, words in block.rows]
    return "\n".join(["| | |", "| --- | --- |", *rows])


@_block.register
def _table(block: Table) -> str:
    ways = [":--" if place in block.text else "--:" for place in range(len(block.columns))]
    lines = [_row([_text(name) for name in block.columns]), _row(ways)]
    for place, row in enumerate(block.rows):
        written = [_words(words) for words in row]
        strong = place in block.strong
        lines.append(_row([f"**{cell}**" if strong and cell else cell for cell in written]))
    return f"{_text(block.caption)}:\n\n" + "\n".join(lines)


@_block.register
def _figure(block: Figure) -> str:
    return f"![{_text(block.alt)}]({PICTURES}/{block.name}.png)\n\n*{_text(block.caption)}*"


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
        return f"**{_text(part.text)}**"
    return _code(part.text) if isinstance(part, Code) else _text(part, strip=False)


def _code(text: str) -> str:
    """In code marks; a bar would end a table's cell even there (GFM 4.10)."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    marks = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{marks}{pad}{' '.join(text.split())}{pad}{marks}".replace("|", "\\|")


def _text(text: str, *, strip: bool = True) -> str:
    """Text that is nothing but text, in one line."""
    one_line = re.sub(r"\s+", " ", text)
    return _SIGNS.sub(r"\\\1", one_line.strip() if strip else one_line)
