"""The report of a search that has just ended, written by whoever sends it to MLflow."""

from __future__ import annotations

from pathlib import Path

from orchestrator.reporting.material import read_material
from orchestrator.reporting.report import make_report
from orchestrator.reporting.writing import write_report
from orchestrator.study.spec import StudySpec


def write_ended_report(spec: StudySpec, storage: str, folder: Path) -> None:
    """Write it into the study's own folder, and the same into `folder`.

    The driver still holds its lock, so that nobody could tell otherwise that the search is over.

    Raises:
        UnavailableError: a folder cannot be written.
    """
    made = make_report(read_material(spec.name, storage=storage, running=False))
    write_report(made, Path(spec.folder) / "report")
    write_report(made, folder)
