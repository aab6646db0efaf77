"""Reads the files of a trial's folder; whatever is missing or damaged counts as not there.

Shapes: K classes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from trainables.reports import Examples, RobustnessCurve


def read_history(folder: Path | None) -> list[dict[str, Any]]:
    """One entry an epoch: `epoch`, `time` (Unix seconds), `metrics`; by epoch, ascending."""
    held = _read_json(folder, "history.json")
    rows = held if isinstance(held, list) else []
    kept = [row for row in rows if isinstance(row, dict) and isinstance(row.get("epoch"), int)]
    return sorted(kept, key=lambda row: row["epoch"])


def read_report(folder: Path | None) -> dict[str, Any]:
    """`report.json`, empty where the trial left none."""
    held = _read_json(folder, "report.json")
    return held if isinstance(held, dict) else {}


def read_curve(report: Mapping[str, Any]) -> RobustnessCurve | None:
    """The robustness curve of a report, None where no attack was run."""
    held = report.get("robustness")
    if not isinstance(held, dict) or not held.get("eps_255"):
        return None
    return RobustnessCurve(
        eps_255=tuple(held["eps_255"]),
        accuracy=tuple(held.get("accuracy") or ()),
        worst_case=tuple(held.get("worst_case") or held.get("accuracy") or ()),
        count=int(held.get("count") or 0),
        provenance=held.get("provenance") or {},
    )


def read_confusion(report: Mapping[str, Any], split: str) -> np.ndarray | None:
    """Counts [K, K] of one split, row = true class."""
    counts = (report.get("confusion") or {}).get(split)
    return None if not counts else np.asarray(counts, dtype=np.int64)


def read_examples(folder: Path | None) -> Examples | None:
    """The attacked images, None where there are none."""
    if folder is None:
        return None
    try:
        with np.load(folder / "examples.npz", allow_pickle=False) as held:
            values = {field.name: held[field.name] for field in fields(Examples)}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None
    return Examples(**{**values, "eps_255": float(values["eps_255"])})


def _read_json(folder: Path | None, name: str) -> Any:
    if folder is None:
        return None
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
