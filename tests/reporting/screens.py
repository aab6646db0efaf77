"""A page as a browser lays it out, at any width: what overflows, and a picture of it.

Headless Chromium makes no window narrower than about 500 px, so the page is put into a frame of the
width that is asked for; media queries look at the frame.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ASK = """
const frame = document.getElementById('frame');
frame.onload = () => {
  const page = frame.contentDocument, width = page.documentElement.clientWidth;
  const boxed = (e) => e.closest('.box, pre') !== null;
  const out = [...page.body.querySelectorAll('*')].filter(
    (e) => !boxed(e) && !e.closest('.skip') && e.getBoundingClientRect().right > width + 1);
  const wide = [...page.querySelectorAll('.box')].filter((e) => e.scrollWidth > e.clientWidth);
  const small = [...page.querySelectorAll('p, td, li, dd, figcaption, code')].filter(
    (e) => parseFloat(frame.contentWindow.getComputedStyle(e).fontSize) < 12);
  document.getElementById('said').textContent = JSON.stringify({
    width: width, scroll: page.documentElement.scrollWidth,
    height: page.documentElement.scrollHeight,
    out: out.slice(0, 5).map((e) => e.tagName + ': ' + e.textContent.slice(0, 40)),
    boxes: wide.length, small: small.length,
    images: [...page.images].filter((i) => !i.complete || i.naturalWidth === 0).length,
  });
};
"""


@dataclass(frozen=True)
class Layout:
    """What a browser measured; pixels.

    Args:
        width, scroll: of the frame, and of what the page takes; more, and it scrolls sideways.
        out: elements beyond the right edge that are in no box of their own.
        boxes: boxes whose inside scrolls.
        small: texts below 12 px.
        images: pictures that are not drawn.
    """

    width: int
    scroll: int
    height: int
    out: tuple[str, ...]
    boxes: int
    small: int
    images: int


def lay_out(page: Path, width: int, folder: Path) -> Layout:
    """Have Chromium lay the page out."""
    frame = _framed(page, width, 900, folder)
    dom = _chromium(folder, "--virtual-time-budget=8000", "--dump-dom", frame.as_uri())
    said = re.search(r'<pre id="said"[^>]*>(\{.*?\})</pre>', dom, flags=re.DOTALL)
    assert said, dom[-2000:]
    held = json.loads(html.unescape(said[1]))
    return Layout(**{**held, "out": tuple(held["out"])})


def screenshot(page: Path, width: int, height: int, into: Path, *, dark: bool = False) -> None:
    """Have Chromium draw the page's first `height` pixels."""
    frame = _framed(page, width, height, into.parent)
    mode = ("--force-dark-mode", "--blink-settings=preferredColorScheme=0") if dark else ()
    size = f"--window-size={max(width, 500)},{height}"
    _chromium(into.parent, *mode, size, f"--screenshot={into}", "--virtual-time-budget=8000",
              frame.as_uri())  # fmt: skip


def _framed(page: Path, width: int, height: int, folder: Path) -> Path:
    frame = folder / f"frame-{width}.html"
    frame.write_text(
        '<!DOCTYPE html><body style="margin:0"><pre id="said"></pre>'
        f'<iframe id="frame" style="border:0;width:{width}px;height:{height}px"></iframe>'
        f"<script>{_ASK} frame.src = {json.dumps(page.as_uri())};"
        "document.getElementById('said').style.display = 'none';</script></body>"
    )
    return frame


def _chromium(folder: Path, *arguments: str) -> str:
    line = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
        "--allow-file-access-from-files", "--disable-background-networking",
        f"--user-data-dir={folder}/profile", *arguments,
    ]  # fmt: skip
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=True).stdout
