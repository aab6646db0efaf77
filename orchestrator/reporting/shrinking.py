"""Pictures small enough to lie inside a page."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import replace

from orchestrator.reporting.blocks import Block, Figure, Section

MOST_PIXELS = 1500
"""Width beyond which a picture is made smaller: the page is 1,100 px wide at the most."""
_COLOURS = 256


def shrunk(png: bytes, *, colours: int = _COLOURS) -> bytes:
    """The picture, no wider than `MOST_PIXELS`, in a palette; itself where that is no gain.

    A chart has few colours, so a palette is a third of its size and cannot be told from it.
    """
    from PIL import Image

    with Image.open(io.BytesIO(png)) as opened:
        image = opened.convert("RGB")
    if image.width > MOST_PIXELS:
        height = round(image.height * MOST_PIXELS / image.width)
        image = image.resize((MOST_PIXELS, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    small = buffer.getvalue()
    return small if len(small) < len(png) else png


def with_small_pictures(sections: Iterable[Section]) -> tuple[Section, ...]:
    """The sections with every picture as `shrunk` makes it."""
    return tuple(replace(s, blocks=tuple(map(_small, s.blocks))) for s in sections)


def _small(block: Block) -> Block:
    return replace(block, png=shrunk(block.png)) if isinstance(block, Figure) else block


def size_of(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the file's header (PNG specification, IHDR)."""
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
