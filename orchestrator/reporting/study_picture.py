"""A picture that `orchestrator show` draws of a study, as a figure of the report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.reporting.blocks import Figure
from orchestrator.reporting.material import Material

if TYPE_CHECKING:
    from orchestrator.pictures.picture import Picture
    from orchestrator.pictures.view import StudyView

    Draw = Callable[[StudyView], Picture | None]


def study_figure(draw: Draw, material: Material, caption: str, alt: str) -> tuple[Figure, ...]:
    """The figure; nothing where the study has nothing to show yet."""
    picture = draw(material.view) if material.view is not None else None
    return () if picture is None else (Figure(picture.name, caption, alt, picture.png),)
