"""What a report is made of: plain values that say nothing of HTML or Markdown.

A renderer takes these and nothing else, so that both pages say the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Strong:
    """A few words that stand out."""

    text: str


@dataclass(frozen=True)
class Code:
    """A name, an option or a command within a sentence."""

    text: str


Inline = str | Strong | Code
Words = tuple[Inline, ...]
"""A sentence or a table's cell: its parts, side by side."""


@dataclass(frozen=True)
class Paragraph:
    """Sentences.

    Args:
        aside: a remark that explains what stands beside it.
    """

    words: Words
    aside: bool = False


@dataclass(frozen=True)
class Items:
    """A list, one thing a line."""

    items: tuple[Words, ...]


@dataclass(frozen=True)
class Facts:
    """Names and what they are: `data`: `digits, 1,438 images`."""

    rows: tuple[tuple[str, Words], ...]


@dataclass(frozen=True)
class Table:
    """Rows under headings.

    Args:
        caption: what it shows and in which unit.
        columns: their headings.
        rows: as long as `columns` each.
        text: places of the columns that hold words; all others hold figures.
        strong: places of the rows that stand out.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Words, ...], ...]
    text: frozenset[int] = frozenset()
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Figure:
    """A picture.

    Args:
        name: of its file, without an ending; unique in a report.
        caption: what to see in it.
        alt: the same for who cannot see it, with the figures that matter.
        png: the bytes of a PNG file.
    """

    name: str
    caption: str
    alt: str
    png: bytes


@dataclass(frozen=True)
class Listing:
    """Lines to be copied: commands, a configuration."""

    text: str
    language: str = ""


Block = Paragraph | Items | Facts | Table | Figure | Listing


@dataclass(frozen=True)
class Section:
    """A part of the report.

    Args:
        name: its anchor, unique in a report.
        blocks: empty for a section that is left out.
    """

    name: str
    title: str
    blocks: tuple[Block, ...] = ()


def paragraph(*words: Inline) -> Paragraph:
    """Sentences."""
    return Paragraph(words)


def aside(*words: Inline) -> Paragraph:
    """A remark beside what it explains."""
    return Paragraph(words, aside=True)


def cells(*texts: Inline) -> tuple[Words, ...]:
    """A row of a table, a part a cell."""
    return tuple((text,) for text in texts)


def plain(words: Words) -> str:
    """The words without what makes them stand out."""
    return "".join(part if isinstance(part, str) else part.text for part in words)


def figures_of(sections: tuple[Section, ...]) -> Iterator[Figure]:
    """All pictures, in order."""
    for section in sections:
        for block in section.blocks:
            if isinstance(block, Figure):
                yield block
