"""A report as one HTML page: no script, no network, every picture inside it.

Whatever is not made by `_tag` is text and is escaped, so that a name of somebody's own can never
become part of the page's structure.
"""

from __future__ import annotations

import base64
import html
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
from orchestrator.reporting.html_style import STYLE
from orchestrator.reporting.report import StudyReport
from orchestrator.reporting.sections.setting import moment
from orchestrator.reporting.shrinking import size_of


class Markup(str):
    """A piece of HTML, as opposed to text."""


def page(report: StudyReport) -> str:
    """The whole page."""
    title = f"{report.study}: {report.question}" if report.question else report.study
    head = (
        _tag("meta", charset="utf-8"),
        _tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        _tag("meta", name="color-scheme", content="light dark"),
        _tag("title", title),
        _tag("style", Markup(STYLE)),
    )
    body = (
        _tag("a", "Skip to the answer", href="#answer", class_="skip"),
        _header(report),
        _tag("main", _answer(report), _contents(report), *map(_section, report.sections)),
        _tag("footer", _tag("p", f"Made by orchestrator report on {moment(report.made)}.")),
    )
    whole = _tag("html", _tag("head", *head), _tag("body", *body), lang="en")
    return f"<!DOCTYPE html>\n{whole}\n"


def _header(report: StudyReport) -> Markup:
    return _tag(
        "header",
        _tag("p", "Report of the study ", _tag("b", report.study), class_="kicker"),
        _tag("h1", report.question or report.study),
    )


def _answer(report: StudyReport) -> Markup:
    tiles = [_tag("div", _tag("dt", name), _tag("dd", value)) for name, value in report.highlights]
    first, *others = report.answer
    rest = (_tag("ul", *(_tag("li", sentence) for sentence in others)),) if others else ()
    return _tag(
        "section",
        _tag("h2", "The answer"),
        _tag("p", first, class_="first"),
        *rest,
        _tag("dl", *tiles, class_="tiles"),
        id="answer",
    )


def _contents(report: StudyReport) -> Markup:
    links = [_tag("li", _tag("a", s.title, href=f"#{s.name}")) for s in report.sections]
    return _tag("nav", _tag("ul", *links), aria_label="Contents")


def _section(section: Section) -> Markup:
    blocks = (_block(block) for block in section.blocks)
    return _tag("section", _tag("h2", section.title), *blocks, id=section.name)


@singledispatch
def _block(block: object) -> Markup:
    raise TypeError(f"No way to draw a {type(block).__name__} in HTML.")


@_block.register
def _paragraph(block: Paragraph) -> Markup:
    return _tag("p", *_words(block.words), class_="aside" if block.aside else None)


@_block.register
def _items(block: Items) -> Markup:
    return _tag("ul", *(_tag("li", *_words(words)) for words in block.items))


@_block.register
def _facts(block: Facts) -> Markup:
    pairs = (
        _tag("div", _tag("dt", name), _tag("dd", *_words(words))) for name, words in block.rows
    )
    return _tag("dl", *pairs, class_="facts")


@_block.register
def _table(block: Table) -> Markup:
    kinds = ["text" if place in block.text else None for place in range(len(block.columns))]
    heads = [_tag("th", name, scope="col", class_=kind) for name, kind in
             zip(block.columns, kinds, strict=True)]  # fmt: skip
    rows = [
        _tag(
            "tr",
            *(_tag("td", *_words(words), class_=kind) for words, kind in
              zip(row, kinds, strict=True)),
            class_="strong" if place in block.strong else None,
        )
        for place, row in enumerate(block.rows)
    ]  # fmt: skip
    table = _tag("table", _tag("thead", _tag("tr", *heads)), _tag("tbody", *rows))
    # Not a <caption>, which would be as narrow as its table, and scroll away with it.
    return Markup(_tag("p", block.caption, class_="caption") + _box(table, block.caption))


@_block.register
def _figure(block: Figure) -> Markup:
    width, height = size_of(block.png)
    held = base64.b64encode(block.png).decode("ascii")
    image = _tag(
        "img",
        src=f"data:image/png;base64,{held}",
        alt=block.alt,
        width=str(width),
        height=str(height),
    )
    caption = _tag("figcaption", block.caption)
    return _tag("figure", _box(image, block.caption), caption, id=f"figure-{block.name}")


@_block.register
def _listing(block: Listing) -> Markup:
    return _tag("pre", _tag("code", block.text), tabindex="0")


def _box(inside: Markup, label: str) -> Markup:
    """What is wider than the page scrolls in here, also by keyboard."""
    return _tag("div", inside, class_="box", tabindex="0", role="group", aria_label=label)


def _words(words: Words) -> list[str]:
    return [_inline(part) for part in words]


def _inline(part: Inline) -> str:
    if isinstance(part, Strong):
        return _tag("strong", part.text)
    return _tag("code", part.text) if isinstance(part, Code) else part


_EMPTY = ("meta", "img")


def _tag(element: str, /, *inside: str, **attributes: str | None) -> Markup:
    """An element; what is inside is text unless it is markup. `class_` is `class`."""
    given = {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    written = "".join(
        f' {key}="{html.escape(value)}"' for key, value in given.items() if value is not None
    )
    if element in _EMPTY:
        return Markup(f"<{element}{written}>")
    text = "".join(part if isinstance(part, Markup) else html.escape(part) for part in inside)
    return Markup(f"<{element}{written}>{text}</{element}>")
