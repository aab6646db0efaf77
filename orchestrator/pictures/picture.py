"""`Picture`: what a picture of a study is, once it is drawn."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """One picture of a study, drawn twice.

    Args:
        name: what its file is called, without an ending.
        title: what it shows, for a heading.
        png: the bytes of a PNG file.
        html: a fragment that `page` puts into a page; it needs the plotly.js that the page holds.
    """

    name: str
    title: str
    png: bytes
    html: str | None = None
