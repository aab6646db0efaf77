"""What a trial leaves in its folder: numbers always, in small files that other tools read too.

Every file is written beside its place and moved there, so that a reader never sees half of one.
JSON holds finite floats or null. Importing this imports neither torch nor pyarrow.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from search_spaces.errors import UsageError
from trainables.atomic import write_file, write_json
from trainables.config import TrialConfig
from trainables.corruptions.report import CorruptionReport
from trainables.evaluation import confusion_counts
from trainables.history import append_history, complete_history, read_history
from trainables.record_arrays import (
    examples_from,
    examples_to,
    predictions_from,
    predictions_to,
    steps_from,
    steps_to,
    weights_from,
    weights_to,
)
from trainables.reports import RobustnessCurve, TrialReport

__all__ = [
    "TrialRecord", "append_history", "read_history", "read_metrics", "read_report", "write_config",
    "write_report",
]  # fmt: skip

SCHEMA = 1
_PLAIN = "plain_config"  # in the report of a trainable of somebody's own

AnyConfig = TrialConfig | Mapping[str, Any]
"""Ours, or the plain fields that a trainable of somebody's own takes."""


@dataclass(frozen=True)
class TrialRecord:
    """A trial's folder, read back.

    Args:
        config: a TrialConfig, or the plain fields of a trainable of somebody's own.
        report: as it was written, but that predictions come with log-probabilities for logits.
        history: rows `{"epoch", "time", "metrics"}`, epochs ascending; time in Unix seconds.
        confusion: counts [K][K] by split; row = true class.
    """

    folder: Path
    config: AnyConfig
    report: TrialReport
    history: tuple[Mapping[str, Any], ...]
    confusion: Mapping[str, Sequence[Sequence[int]]]
    counts: Mapping[str, int]


def write_config(config: AnyConfig, folder: Path) -> None:
    """Writes `config.json`, making the folder if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = config.model_dump(mode="json") if isinstance(config, TrialConfig) else dict(config)
    write_json(folder / "config.json", fields)


def write_report(report: TrialReport, config: AnyConfig, folder: Path) -> None:
    """Writes everything; `report.json` last, so that its presence means that all is there.

    Raises:
        OSError: the folder cannot be written.
    """
    if not (folder / "config.json").exists():  # else its time is that of the attempt's begin
        write_config(config, folder)
    complete_history(folder, report.history)
    if report.predictions:
        write_file(
            folder / "predictions.parquet", partial(predictions_to, predictions=report.predictions)
        )
    if report.examples is not None:
        write_file(folder / "examples.npz", partial(examples_to, examples=report.examples))
    if report.steps:
        write_file(folder / "steps.parquet", partial(steps_to, steps=report.steps))
    if report.weights:
        write_file(folder / "weights.safetensors", partial(weights_to, report=report))
    stored = _report_json(report)
    if not isinstance(config, TrialConfig):
        stored = {**{key: value for key, value in stored.items() if value}, _PLAIN: True}
    write_json(folder / "report.json", stored)


def read_metrics(folder: Path) -> dict[str, float]:
    """The final figures alone.

    Raises:
        OSError: the trial is not finished (no `report.json`).
    """
    return _numbers(json.loads((folder / "report.json").read_text()).get("metrics", {}))


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
    curve, second = stored.get("robustness"), stored.get("second_attack")
    corrupted = stored.get("corruptions")
    report = TrialReport(
        metrics=_numbers(stored.get("metrics", {})),
        history=tuple({"epoch": row["epoch"], **_numbers(row["metrics"])} for row in history),
        classes=tuple(stored.get("classes", ())),
        predictions=predictions_from(folder / "predictions.parquet"),
        robustness=None if curve is None else _curve_from(curve),
        second=None if second is None else _curve_from(second),
        examples=examples_from(folder / "examples.npz"),
        corruptions=None if corrupted is None else CorruptionReport.from_json(corrupted),
        weights=weights_from(folder / "weights.safetensors"),
        digests=stored.get("digests", {}),
        steps=steps_from(folder / "steps.parquet"),
    )
    fields = json.loads((folder / "config.json").read_text())
    config = fields if _PLAIN in stored else TrialConfig.model_validate(fields)
    confusion, counts = stored.get("confusion", {}), stored.get("counts", {})
    return TrialRecord(folder, config, report, history, confusion, counts)


def _report_json(report: TrialReport) -> dict[str, Any]:
    classes = len(report.classes)
    counts = {part.split: len(part.labels_N) for part in report.predictions}
    labels_used = {"labels_used": _labels_used(report, counts)} if counts else {}
    if report.robustness is not None:
        counts["robust"] = report.robustness.count
    # Only where it was measured: a report without it is the same as before there was any.
    corrupted = {"corruptions": report.corruptions.to_json()} if report.corruptions else {}
    second = {"second_attack": _curve_json(report.second)} if report.second else {}
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
        **second,
        **corrupted,
        "counts": {**counts, **labels_used},
    }


def _labels_used(report: TrialReport, counts: Mapping[str, int]) -> int:
    """A strategy that needed more labels than it chose images has counted them itself."""
    return int(report.metrics.get("labels_used", sum(counts.values())))


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


def _numbers(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in metrics.items()}
