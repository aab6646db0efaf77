"""What a trial leaves in its folder: numbers always, in small files that other tools read too.

Every file is written beside its place and moved there, so that a reader never sees half of one.
JSON holds finite floats or null. Importing this imports neither torch nor pyarrow.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UsageError
from trainables.atomic import write_file, write_json
from trainables.config import TrialConfig
from trainables.evaluation import confusion_counts
from trainables.record_arrays import (
    examples_from,
    examples_to,
    predictions_from,
    predictions_to,
    weights_from,
    weights_to,
)
from trainables.reports import EpochReport, RobustnessCurve, TrialReport

SCHEMA = 1


@dataclass(frozen=True)
class TrialRecord:
    """A trial's folder, read back.

    Args:
        report: as it was written, but that predictions come with log-probabilities for logits.
        history: rows `{"epoch", "time", "metrics"}`, epochs ascending; time in Unix seconds.
        confusion: counts [K][K] by split; row = true class.
    """

    folder: Path
    config: TrialConfig
    report: TrialReport
    history: tuple[Mapping[str, Any], ...]
    confusion: Mapping[str, Sequence[Sequence[int]]]
    counts: Mapping[str, int]


def write_config(config: TrialConfig, folder: Path) -> None:
    """Writes `config.json`, making the folder if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", config.model_dump(mode="json"))


def append_history(folder: Path, report: EpochReport) -> None:
    """Adds an epoch to `history.json`; one that is there already keeps its time and figures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = read_history(folder)
    if any(row["epoch"] == report.epoch for row in rows):
        return
    row = {"epoch": report.epoch, "time": time.time(), "metrics": dict(report.metrics)}
    write_json(folder / "history.json", sorted([*rows, row], key=lambda row: int(row["epoch"])))


def read_history(folder: Path) -> tuple[dict[str, Any], ...]:
    """The rows of `history.json`; none where there is no such file yet."""
    path = folder / "history.json"
    return tuple(json.loads(path.read_text())) if path.exists() else ()


def write_report(report: TrialReport, config: TrialConfig, folder: Path) -> None:
    """Writes everything; `report.json` last, so that its presence means that all is there.

    Raises:
        OSError: the folder cannot be written.
    """
    write_config(config, folder)
    write_json(folder / "history.json", _full_history(report.history, read_history(folder)))
    if report.predictions:
        write_file(
            folder / "predictions.parquet", partial(predictions_to, predictions=report.predictions)
        )
    if report.examples is not None:
        write_file(folder / "examples.npz", partial(examples_to, examples=report.examples))
    if report.weights:
        write_file(folder / "head.safetensors", partial(weights_to, report=report))
    write_json(folder / "report.json", _report_json(report))


def read_report(folder: Path) -> TrialRecord:
    """What `write_report` wrote.

    Raises:
        OSError: the trial is not finished (no `report.json`).
        UsageError: it was written by a newer version of this program.
    """
    stored = json.loads((folder / "report.json").read_text())
    if stored["schema"] > SCHEMA:
        rule = f"{folder / 'report.json'} must have a schema up to {SCHEMA}."
        raise UsageError(rule, got=stored["schema"], hint="Update orchestrator.")
    history = read_history(folder)
    curve = stored["robustness"]
    report = TrialReport(
        metrics=_numbers(stored["metrics"]),
        history=tuple({"epoch": row["epoch"], **_numbers(row["metrics"])} for row in history),
        classes=tuple(stored["classes"]),
        predictions=predictions_from(folder / "predictions.parquet"),
        robustness=None if curve is None else _curve_from(curve),
        examples=examples_from(folder / "examples.npz"),
        weights=weights_from(folder / "head.safetensors"),
        digests=stored["digests"],
    )
    config = TrialConfig.model_validate_json((folder / "config.json").read_text())
    return TrialRecord(folder, config, report, history, stored["confusion"], stored["counts"])


def _report_json(report: TrialReport) -> dict[str, Any]:
    classes = len(report.classes)
    counts = {part.split: len(part.labels_N) for part in report.predictions}
    labels_used = sum(counts.values())
    if report.robustness is not None:
        counts["robust"] = report.robustness.count
    return {
        "schema": SCHEMA,
        "metrics": dict(report.metrics),
        "classes": list(report.classes),
        "digests": dict(report.digests),
        "confusion": {
            part.split: confusion_counts(part.predicted_N, part.labels_N, classes).tolist()
            for part in report.predictions
        },
        "robustness": None if report.robustness is None else _curve_json(report.robustness),
        "counts": {**counts, "labels_used": labels_used},
    }


def _curve_json(curve: RobustnessCurve) -> dict[str, Any]:
    return {
        "eps_255": list(curve.eps_255),
        "accuracy": list(curve.accuracy),
        "worst_case": list(curve.worst_case),
        "count": curve.count,
        "provenance": dict(curve.provenance),
    }


def _curve_from(stored: Mapping[str, Any]) -> RobustnessCurve:
    rows = {name: tuple(stored[name]) for name in ("eps_255", "accuracy", "worst_case")}
    return RobustnessCurve(**rows, count=stored["count"], provenance=stored["provenance"])


def _full_history(
    history: Sequence[Mapping[str, float]], known: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """All epochs; those already written keep their time, the others get one in between."""
    kept = {int(row["epoch"]): dict(row) for row in known}
    now = time.time()
    epochs = sorted(kept)
    times = [float(kept[epoch]["time"]) for epoch in epochs]
    for row in history:
        epoch = int(row["epoch"])
        if epoch not in kept:
            metrics = {name: value for name, value in row.items() if name != "epoch"}
            at = float(np.interp(epoch, epochs, times)) if epochs else now
            kept[epoch] = {"epoch": epoch, "time": at, "metrics": metrics}
    return [kept[epoch] for epoch in sorted(kept)]


def _numbers(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in metrics.items()}
