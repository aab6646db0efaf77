"""The files that go with a trial's run: the numbers as they lie, and what is made from them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.store.artifact.artifact_repo import ArtifactRepository

from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.contents import attack_name
from orchestrator.tracking.evaluation_files import send_evaluations
from orchestrator.tracking.files import TrialFiles, read_confusion, read_examples
from orchestrator.tracking.problems import write_down
from orchestrator.views.validation_words import images_said
from trainables.evaluation import confusion_csv

SUMMARY = "summary.png"
_CONFUSION = {"train": "confusion_train.csv", "val": "confusion_val.csv"}


def artifact_names(trial: TrialFacts, spec: StudySpec, files: TrialFiles) -> set[str]:
    """All that belongs to an ended trial's run, as far as its files are here."""
    names = {path.name for path in files.present}
    if trial.config:
        names.add("config.json")
    confusion = files.report.get("confusion") or {}
    names |= {name for split, name in _CONFUSION.items() if confusion.get(split)}
    return names | ({SUMMARY} if _has_summary(spec, files) else set())


def send_artifacts(
    repository: ArtifactRepository, trial: TrialFacts, spec: StudySpec, files: TrialFiles
) -> None:
    """Send all files of a trial; one that is there is written over with the same.

    The plain ones go first: where the store for files is away, no picture is drawn in vain.
    """
    for path in files.present:
        repository.log_artifact(str(path))
    if files.here:
        send_evaluations(repository, files.folder)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        if trial.config and not any(path.name == "config.json" for path in files.present):
            (made / "config.json").write_text(json.dumps(dict(trial.config), indent=1))
        try:
            _make(made, trial, spec, files)
        except Exception as error:  # a damaged report: its figures and plain files are sent
            write_down(error)
        if any(made.iterdir()):
            repository.log_artifacts(folder)


def _make(into: Path, trial: TrialFacts, spec: StudySpec, files: TrialFiles) -> None:
    classes = tuple(files.report.get("classes") or spec.data.classes)
    for split, name in _CONFUSION.items():
        counts_KK = read_confusion(files.report, split)
        if counts_KK is not None:
            (into / name).write_text(confusion_csv(counts_KK.tolist(), classes), encoding="utf-8")
    if _has_summary(spec, files):
        (into / SUMMARY).write_bytes(_summary(trial, spec, files))


def _has_summary(spec: StudySpec, files: TrialFiles) -> bool:
    return spec.has_images and bool(files.history or files.report)


def _summary(trial: TrialFacts, spec: StudySpec, files: TrialFiles) -> bytes:
    from trainables.pictures.style import png
    from trainables.pictures.summary import SummaryNumbers, draw_summary

    report: Mapping[str, Any] = files.report
    split = spec.split
    foot = (
        f"{spec.name}, trial {trial.number}: {spec.data.name}, {split.labels_used:,} labels used "
        f"({images_said(split)}), split {split.digest}"
    )
    numbers = SummaryNumbers(
        title=trial.label,
        history=[{"epoch": row["epoch"], **row["metrics"]} for row in files.history],
        confusion_KK=read_confusion(report, "val"),
        classes=tuple(report.get("classes") or spec.data.classes),
        robustness=files.curve,
        examples=read_examples(files.folder),
        counts={**(report.get("counts") or {"train": split.train, "val": split.val})},
        metrics={**(report.get("metrics") or {}), **trial.metrics},
        subtitle=foot,
        attack=attack_name(trial, files.curve),
    )
    return png(draw_summary(numbers))
