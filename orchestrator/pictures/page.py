"""One HTML page with all interactive pictures of a study; it needs no network."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable

from orchestrator.pictures.picture import Picture

_STYLE = """
body { font-family: 'DejaVu Sans', Verdana, Arial, sans-serif; color: #222; background: #fff;
  max-width: 1200px; margin: 0 auto; padding: 1rem 1.5rem 4rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 0.5rem; }
nav a { margin-right: 1.2rem; color: #0072B2; white-space: nowrap; } img { max-width: 100%; }
p { margin: 0.2rem 0; font-size: 0.85rem; color: #555; }
"""


def page(pictures: Iterable[Picture], *, title: str = "Study") -> str:
    """The page, with plotly.js (4.8 MB) in it once; a picture without HTML is shown as its PNG."""
    from plotly.offline import get_plotlyjs

    drawn = list(pictures)
    links = " ".join(f'<a href="#{each.name}">{html.escape(each.title)}</a>' for each in drawn)
    body = "\n".join(_section(each) for each in drawn)
    script = f"<script>{get_plotlyjs()}</script>" if any(each.html for each in drawn) else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>{_STYLE}</style>\n{script}\n</head>\n"
        f"<body>\n<h1>{html.escape(title)}</h1>\n"
        f"<nav>{links or 'No trial has come far enough for a picture yet.'}</nav>\n{body}\n"
        "</body>\n</html>\n"
    )


def _section(picture: Picture) -> str:
    heading = f"<h2>{html.escape(picture.title)}</h2>"
    return (
        f'<section id="{picture.name}">\n{heading}\n{picture.html or _image(picture)}\n</section>'
    )


def _image(picture: Picture) -> str:
    held = base64.b64encode(picture.png).decode("ascii")
    return f'<img alt="{html.escape(picture.title)}" src="data:image/png;base64,{held}">'
