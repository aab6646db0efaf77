"""What a trial leaves in its folder: numbers always, in small files that other tools read too.

Every file is written beside its place and moved there, so that a reader never sees half of one.
JSON holds finite floats or null. Importing this imports neither torch nor pyarrow.
"""

from __future__ import annotations

import json
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UsageError
from trainables.config import TrialConfig
from trainables.evaluation import confusion_counts, softmax
from trainables.reports import EpochReport, Examples, Predictions, RobustnessCurve, TrialReport

SCHEMA = 1
_EXAMPLE_FIELDS = (
    "eps_255", "clean_NHWC", "attacked_NHWC", "labels_N", "clean_predicted_N",
    "attacked_predicted_N",
)  # fmt: skip


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
    _write_json(folder / "config.json", config.model_dump(mode="json"))


def append_history(folder: Path, report: EpochReport) -> None:
    """Adds an epoch to `history.json`; one that is there already keeps its time and figures."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = read_history(folder)
    if any(row["epoch"] == report.epoch for row in rows):
        return
    row = {"epoch": report.epoch, "time": time.time(), "metrics": dict(report.metrics)}
    _write_json(folder / "history.json", sorted([*rows, row], key=lambda row: int(row["epoch"])))


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
    _write_json(folder / "history.json", _full_history(report.history, read_history(folder)))
    if report.predictions:
        _write_file(
            folder / "predictions.parquet", lambda p: _predictions_to(p, report.predictions)
        )
    if report.examples is not None:
        _write_file(folder / "examples.npz", lambda p: _examples_to(p, report.examples))
    if report.weights:
        _write_file(folder / "head.safetensors", lambda p: _weights_to(p, report))
    _write_json(folder / "report.json", _report_json(report))


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
        predictions=_predictions_from(folder / "predictions.parquet"),
        robustness=None if curve is None else _curve_from(curve),
        examples=_examples_from(folder / "examples.npz"),
        weights=_weights_from(folder / "head.safetensors"),
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


def _predictions_to(path: Path, predictions: Sequence[Predictions]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    chances_NK = np.concatenate([softmax(part.logits_NK) for part in predictions])
    columns: dict[str, Any] = {
        "split": np.repeat([p.split for p in predictions], [len(p.labels_N) for p in predictions]),
        "index": np.concatenate([part.indices_N for part in predictions]),
        "label": np.concatenate([part.labels_N for part in predictions]),
        "predicted": np.concatenate([part.predicted_N for part in predictions]),
    }
    columns |= {f"p_{k}": chances_NK[:, k].astype(np.float32) for k in range(chances_NK.shape[1])}
    pq.write_table(pa.table(columns), path)


def _predictions_from(path: Path) -> tuple[Predictions, ...]:
    if not path.exists():
        return ()
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    chances_NK = np.stack([columns[n] for n in columns if n.startswith("p_")], axis=1)
    logits_NK = np.log(np.maximum(chances_NK, np.finfo(np.float32).tiny))
    splits_N = columns["split"].astype(str)
    return tuple(
        Predictions(split, columns["index"][rows], columns["label"][rows], logits_NK[rows])
        for split in dict.fromkeys(splits_N.tolist())
        for rows in [splits_N == split]
    )


def _examples_to(path: Path, examples: Examples | None) -> None:
    np.savez_compressed(path, **{name: getattr(examples, name) for name in _EXAMPLE_FIELDS})


def _examples_from(path: Path) -> Examples | None:
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as stored:
        fields = {name: stored[name] for name in _EXAMPLE_FIELDS}
    return Examples(**{**fields, "eps_255": float(fields["eps_255"])})


def _weights_to(path: Path, report: TrialReport) -> None:
    from safetensors.numpy import save_file

    arrays = {name: np.ascontiguousarray(array) for name, array in report.weights.items()}
    save_file(arrays, path, metadata={"classes": json.dumps(list(report.classes))})


def _weights_from(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        return {}
    from safetensors.numpy import load_file

    return dict(load_file(path))


def _write_json(path: Path, value: Any) -> None:
    text = json.dumps(_finite(value), indent=1, allow_nan=False)
    _write_file(path, lambda beside: beside.write_text(text + "\n"))


def _write_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Writes beside `path` and moves into place; leaves nothing behind when it fails."""
    # The suffix stays last: np.savez would add its own.
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null; NumPy's scalars become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _numbers(metrics: Mapping[str, float | None]) -> dict[str, float]:
    return {name: math.nan if value is None else value for name, value in metrics.items()}
