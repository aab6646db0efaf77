"""Holds a report's two pages to what readers of HTML and Markdown need; standard library only."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

_EMPTY = {"meta", "img", "br", "link", "hr"}


@dataclass
class Seen:
    """What a page holds."""

    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    images: list[dict[str, str | None]] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    tags: set[str] = field(default_factory=set)
    text: str = ""
    problems: list[str] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen, self._open = Seen(), []  # type: ignore[var-annotated]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        held, seen = dict(attrs), self.seen
        seen.tags.add(tag)
        if len(held) < len(attrs):
            seen.problems.append(f"an attribute twice in <{tag}>")
        seen.ids += [held["id"] or ""] if "id" in held else []
        seen.links += [value or "" for key, value in attrs if key in ("href", "action")]
        if re.fullmatch(r"h[1-6]", tag):
            seen.headings.append(int(tag[1]))
        if tag == "img":
            seen.images.append(held)
        if tag not in _EMPTY:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.seen.problems.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.seen.text += f"{data} "


def read_page(text: str) -> Seen:
    """The page, read tag by tag."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    if reader._open:
        reader.seen.problems.append(f"never closed: {reader._open}")
    return reader.seen


def check_page(text: str) -> Seen:
    """A well-formed page that needs nothing but itself, and that a screen reader can read."""
    seen = read_page(text)
    assert text.startswith("<!DOCTYPE html>")
    assert not seen.problems
    assert len(set(seen.ids)) == len(seen.ids)
    assert {link.removeprefix("#") for link in seen.links} <= set(
        seen.ids
    )  # and so none leads away
    assert not {"script", "iframe", "link", "object", "form"} & seen.tags
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    for image in seen.images:
        held = (image["src"] or "").removeprefix("data:image/png;base64,")
        assert base64.b64decode(held, validate=True).startswith(b"\x89PNG")
        assert len(image["alt"] or "") > 20
        assert int(image["width"] or 0) > 100
    assert seen.headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(seen.headings))
    return seen


def check_markdown(path: Path) -> str:
    """Markdown whose pictures are there, whose fences close, and whose tables are even."""
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"!?\[[^\]]*\]\(([^)]+)\)", text):
        assert (path.parent / target).is_file(), target
    assert len(re.findall(r"^```", text, flags=re.MULTILINE)) % 2 == 0
    for table in re.findall(r"(?:^\|.*\n)+", text, flags=re.MULTILINE):
        widths = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
        assert len(widths) == 1, table
    return text
