"""The files that go with a trial's run: the numbers as they lie, and what is made from them."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.contents import attack_name
from orchestrator.tracking.files import (
    read_confusion,
    read_curve,
    read_examples,
    read_history,
    read_report,
)
from orchestrator.tracking.records import TrialRecord

_AS_THEY_ARE = (
    "config.json",
    "history.json",
    "report.json",
    "predictions.parquet",
    "head.safetensors",
    "error.txt",
)


def stage_artifacts(trial: TrialRecord, spec: StudySpec, into: Path) -> int:
    """Gather all files of a trial in the folder `into`; how many there are."""
    report = read_report(trial.folder)
    if trial.folder is not None:
        for name in _AS_THEY_ARE:
            source = trial.folder / name
            if source.is_file():
                shutil.copyfile(source, into / name)
    classes = tuple(report.get("classes") or spec.data.classes)
    for split in ("train", "val"):
        counts = read_confusion(report, split)
        if counts is not None:
            _write_confusion(into / f"confusion_{split}.csv", counts, classes)
    history = read_history(trial.folder)
    if history or report:
        (into / "summary.png").write_bytes(_summary(trial, spec, report, history))
    return sum(1 for _ in into.iterdir())


def _write_confusion(path: Path, counts_KK: np.ndarray, classes: Sequence[str]) -> None:
    """Rows are true classes, columns predictions, with their names."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["true \\ predicted", *classes])
        for name, row in zip(classes, counts_KK.tolist(), strict=False):
            writer.writerow([name, *row])


def _summary(
    trial: TrialRecord,
    spec: StudySpec,
    report: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]],
) -> bytes:
    from trainables.pictures.style import png
    from trainables.pictures.summary import SummaryNumbers, draw_summary

    curve = read_curve(report)
    split = spec.split
    foot = (
        f"{spec.name}, trial {trial.number}: {spec.data.name}, {split.labels_used:,} labels used "
        f"({split.train:,} training, {split.val:,} validation), split {split.digest}"
    )
    numbers = SummaryNumbers(
        title=trial.label,
        history=[{"epoch": row["epoch"], **(row.get("metrics") or {})} for row in history],
        confusion_KK=read_confusion(report, "val"),
        classes=tuple(report.get("classes") or spec.data.classes),
        robustness=curve,
        examples=read_examples(trial.folder),
        counts={**(report.get("counts") or {"train": split.train, "val": split.val})},
        metrics={**(report.get("metrics") or {}), **trial.metrics},
        subtitle=foot,
        attack=attack_name(trial, curve),
    )
    return png(draw_summary(numbers))
