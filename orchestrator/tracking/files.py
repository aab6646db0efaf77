"""Reads the files of a trial's folder; whatever is missing or damaged counts as not there.

Shapes: K classes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.records import folder_of
from trainables.record_arrays import examples_from, steps_from
from trainables.reports import Examples, RobustnessCurve

AS_THEY_ARE = (
    "config.json",
    "history.json",
    "report.json",
    "predictions.parquet",
    "steps.parquet",
    "weights.safetensors",
    "error.txt",
)
"""Files of a trial's folder that are sent unchanged, those of them that there are."""
MOST_BYTES = 4_000_000
"""Of such a file. A head's weights are less; those of a whole net stay in the trial's folder, and
come with the models of the best trials."""


@dataclass(frozen=True)
class TrialFiles:
    """What a trial's folder held when it was read.

    Args:
        folder: None for a trial that never came to one.
        here: whether the folder can be read on this machine; True where there is none to read.
        history: one entry an epoch: `epoch`, `time` (Unix seconds), `metrics`; ascending.
        report: `report.json`, empty where the trial left none.
    """

    folder: Path | None
    here: bool
    history: tuple[Mapping[str, Any], ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def curve(self) -> RobustnessCurve | None:
        """The robustness curve of the report, None where no attack was run."""
        return read_curve(self.report)

    @cached_property
    def second(self) -> RobustnessCurve | None:
        """What a second attack has left at 8/255, None where there was none."""
        return read_curve(self.report, "second_attack")

    @cached_property
    def steps(self) -> Mapping[str, np.ndarray]:
        """Figures by training step, each [T], of a trial that has ended and kept them."""
        if self.folder is None or not self.here or not self.report:
            return {}
        try:
            return steps_from(self.folder / "steps.parquet")
        except (OSError, ValueError):  # pyarrow's own errors are ValueErrors
            return {}

    @property
    def present(self) -> list[Path]:
        """Those of `AS_THEY_ARE` that there are."""
        if self.folder is None or not self.here:
            return []
        there = [path for name in AS_THEY_ARE if (path := self.folder / name).is_file()]
        return [path for path in there if path.stat().st_size <= MOST_BYTES]


def read_files(trial: TrialFacts, *, ended: bool = True) -> TrialFiles:
    """What the trial has left so far.

    Args:
        ended: whether there may be a report.
    """
    folder = folder_of(trial)
    if not is_here(trial):
        return TrialFiles(folder, False)
    report = _read_json(folder, "report.json") if ended else {}
    history = read_history(folder)
    return TrialFiles(folder, True, history, report if isinstance(report, dict) else {})


def is_here(trial: TrialFacts) -> bool:
    """Whether its files are not to be had on another machine only."""
    return not trial.folder or os.access(trial.folder, os.R_OK | os.X_OK)


def read_history(folder: Path | None) -> tuple[Mapping[str, Any], ...]:
    """Rows of `history.json` as `TrialFiles.history` has them."""
    held = _read_json(folder, "history.json")
    rows = [row for row in held if _is_row(row)] if isinstance(held, list) else []
    kept = [
        {
            "epoch": row["epoch"],
            "time": float(row.get("time") or 0.0),
            "metrics": row.get("metrics") or {},
        }
        for row in rows
    ]
    return tuple(sorted(kept, key=lambda row: row["epoch"]))


def read_curve(report: Mapping[str, Any], name: str = "robustness") -> RobustnessCurve | None:
    """The robustness curve of a report, None where no attack was run."""
    held = report.get(name)
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
        return examples_from(folder / "examples.npz")
    except (OSError, KeyError, ValueError):  # a damaged archive is a ValueError there
        return None


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, dict)
        and isinstance(row.get("epoch"), int)
        and isinstance(row.get("metrics") or {}, dict)
        and isinstance(row.get("time") or 0.0, int | float)
    )


def _read_json(folder: Path | None, name: str) -> Any:
    if folder is None:
        return None
    try:
        return json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
