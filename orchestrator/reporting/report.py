"""`report`: a study as one page, which a person can read without this program."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orchestrator.reporting.blocks import Figure, Section, figures_of
from orchestrator.reporting.material import Material, read_material
from orchestrator.reporting.next_steps.step import NextStep


@dataclass(frozen=True)
class StudyReport:
    """A report as a value; `html` and `markdown` draw it, and say nothing of their own.

    Args:
        made: when, in Unix seconds.
        question: that the study asks.
        answer: sentences, most important first.
        highlights: the few figures that stand at the top: a name and a value each.
        next_steps: what to try next, most pressing first; in a section as well.
        folder: where `files` are; None where it was not written.
        unsent: why it is not in the study's MLflow run, in words; empty where it is.
    """

    study: str
    made: float
    question: str
    answer: tuple[str, ...]
    highlights: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    next_steps: tuple[NextStep, ...] = ()
    folder: Path | None = None
    files: tuple[Path, ...] = ()
    unsent: str = ""

    @property
    def figures(self) -> tuple[Figure, ...]:
        """All pictures, in the order of the page."""
        return tuple(figures_of(self.sections))

    def section(self, name: str) -> Section | None:
        """The section of that name; None where it is left out."""
        return next((each for each in self.sections if each.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """The keys of `docs/json.md`."""
        from orchestrator.reporting.writing import HTML, MARKDOWN

        folder = self.folder
        return {
            "study": self.study,
            "question": self.question,
            "answer": list(self.answer),
            "highlights": [{"name": name, "value": value} for name, value in self.highlights],
            "next_steps": [vars(step) for step in self.next_steps],
            "sections": [section.name for section in self.sections],
            "folder": None if folder is None else str(folder),
            "html": None if folder is None else str(folder / HTML),
            "markdown": None if folder is None else str(folder / MARKDOWN),
            "files": [str(path.relative_to(folder)) for path in self.files] if folder else [],
            "unsent": self.unsent,
        }


def report(
    study: str | None = None,
    out: str | Path | None = None,
    *,
    storage: str | None = None,
    tracking_uri: str | None = None,
    send: bool = True,
) -> StudyReport:
    """Write a study's report as one HTML page, and as Markdown with its pictures beside it.

    A study that runs, has failed or is empty has one too.

    Args:
        study: its name (default: the newest in the storage).
        out: folder of the files (default: `report` in the study's own folder).
        storage: an Optuna URL (default: `sqlite:///optuna.db` in the working folder).
        tracking_uri: MLflow's, where the study's own address of it lacks its password.
        send: put the files among the artifacts of the study's MLflow run, too.

    Raises:
        UsageError: there is no such study, or none at all; names those there are.
        UnavailableError: the storage cannot be opened, or the folder not be written.
    """
    from orchestrator.reporting.writing import write_report

    material = read_material(study, storage=storage)
    made = make_report(material)
    folder = Path(out) if out is not None else Path(material.spec.folder) / "report"
    files = write_report(made, folder.expanduser().absolute())
    made = replace(made, folder=files[0].parent, files=files)
    return replace(made, unsent=_send(made, material, tracking_uri)) if send else made


def make_report(material: Material) -> StudyReport:
    """The report of what is known; writes nothing."""
    from orchestrator.reporting.answer import answer
    from orchestrator.reporting.highlights import highlights
    from orchestrator.reporting.next_steps import next_steps
    from orchestrator.reporting.secrets import cleaned
    from orchestrator.reporting.sections import make_sections
    from orchestrator.reporting.shrinking import with_small_pictures

    found = StudyReport(
        study=material.spec.name,
        made=material.now,
        question=material.spec.space_question,
        answer=answer(material),
        highlights=highlights(material),
        sections=with_small_pictures(make_sections(material)),
        next_steps=next_steps(material),
    )
    return cleaned(found)


def _send(made: StudyReport, material: Material, tracking_uri: str | None) -> str:
    """What went wrong, in words, or ""."""
    from orchestrator.study.uris import held_tracking_uri
    from orchestrator.tracking.report import send_report
    from search_spaces.errors import UsageError

    try:
        uri = held_tracking_uri(material.spec.tracking_uri, tracking_uri)
    except UsageError as error:  # its password is not here
        return str(error)
    assert made.folder is not None
    run_id = material.result.parent_run_id
    return send_report(made.files, made.folder, uri, spec=material.spec, run_id=run_id)
