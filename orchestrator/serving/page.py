"""The page at `/`: one file, nothing from elsewhere, and a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Page:
    """The page and its Content-Security-Policy."""

    html: bytes
    policy: str


def load_page() -> Page:
    """`page.html` of this package; its own style and script are named by their digests, so that
    no other could run, whatever got into the page."""
    html = resources.files("orchestrator.serving").joinpath("page.html").read_bytes()
    style, script = (_digest(html, tag) for tag in ("style", "script"))
    policy = (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src blob: data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return Page(html, policy)


def _digest(html: bytes, tag: str) -> str:
    found = re.findall(rf"<{tag}>(.*?)</{tag}>".encode(), html, re.DOTALL)
    if len(found) != 1:
        raise ValueError(f"page.html must have one <{tag}>, not {len(found)}")
    return "sha256-" + base64.b64encode(hashlib.sha256(found[0]).digest()).decode()
