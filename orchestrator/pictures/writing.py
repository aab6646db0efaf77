"""Writes the pictures of a study into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.pictures.making import study_pictures
from orchestrator.pictures.page import page

if TYPE_CHECKING:
    import optuna

    from orchestrator.study.spec import StudySpec

PAGE = "study.html"


def write_pictures(
    study: optuna.Study, spec: StudySpec, folder: Path, *, now: float | None = None
) -> tuple[Path, ...]:
    """Write `<name>.png` of each picture and one `study.html`; their paths, the page's last.

    Each file is whole or not there. The folder is made if it is missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures = tuple(study_pictures(study, spec, now=now))
    paths = [_write(folder / f"{each.name}.png", each.png) for each in pictures]
    text = page(pictures, title=f"Study {spec.name}")
    return (*paths, _write(folder / PAGE, text.encode("utf-8")))


def _write(path: Path, held: bytes) -> Path:
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(held)
    return part.replace(path)
