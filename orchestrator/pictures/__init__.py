"""Pictures of a study, one file a picture, as PNG and as interactive HTML."""

from __future__ import annotations

from orchestrator.pictures.making import study_pictures
from orchestrator.pictures.page import page
from orchestrator.pictures.picture import Picture
from orchestrator.pictures.writing import write_pictures

__all__ = ["Picture", "page", "study_pictures", "write_pictures"]
