"""Writes a report into a folder: `report.html`, `report.md`, and its pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from orchestrator.reporting import html_page, markdown_page
from orchestrator.reporting.report import StudyReport
from search_spaces.errors import UnavailableError
from trainables.atomic import write_file

HTML = "report.html"
MARKDOWN = "report.md"


def write_report(report: StudyReport, folder: Path) -> tuple[Path, ...]:
    """Write all files, each whole or not at all, over those of an earlier report.

    Returns:
        Their paths, the page first.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    pictures = folder / markdown_page.PICTURES
    try:
        pictures.mkdir(parents=True, exist_ok=True)
        held: dict[Path, bytes] = {
            folder / HTML: html_page.page(report).encode("utf-8"),
            folder / MARKDOWN: markdown_page.page(report).encode("utf-8"),
        }
        for figure in report.figures:
            held[pictures / f"{figure.name}.png"] = figure.png
        for path, content in held.items():
            write_file(path, partial(Path.write_bytes, data=content))
    except OSError as error:
        tried = [("writing", str(error))]
        hint = "Name another folder with --out."
        raise UnavailableError(f"The folder {folder}", tried, hint=hint) from None
    return tuple(held)
