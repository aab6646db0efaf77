"""`history.json`: a trial's figures by epoch, each with the time of its first report."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainables.atomic import write_json
from trainables.reports import EpochReport

Row = dict[str, Any]
"""`{"epoch", "time", "metrics"}`; time in Unix seconds."""

_FILE = "history.json"


def read_history(folder: Path) -> tuple[Row, ...]:
    """The rows of `history.json`, epochs ascending; none where there is no such file yet.

    A file that is damaged (it was new when the power went) counts as none.
    """
    try:
        return tuple(json.loads((folder / _FILE).read_text()))
    except (FileNotFoundError, ValueError):
        return ()


def write_history(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replaces `history.json`, making the folder if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / _FILE, sorted(rows, key=lambda row: int(row["epoch"])))


def append_history(folder: Path, report: EpochReport) -> Row:
    """Adds an epoch and returns its row; one that is there already keeps its time and figures."""
    rows = read_history(folder)
    for row in rows:
        if row["epoch"] == report.epoch:
            return row
    row = {"epoch": report.epoch, "time": time.time(), "metrics": dict(report.metrics)}
    write_history(folder, [*rows, row])
    return row


def complete_history(folder: Path, history: Sequence[Mapping[str, float]]) -> None:
    """Adds the epochs of a `TrialReport.history` that were not reported one by one.

    Those already written keep their time, the others get one in between.
    """
    kept = {int(row["epoch"]): row for row in read_history(folder)}
    now = time.time()
    epochs = sorted(kept)
    times = [float(kept[epoch]["time"]) for epoch in epochs]
    for row in history:
        epoch = int(row["epoch"])
        if epoch not in kept:
            metrics = {name: value for name, value in row.items() if name != "epoch"}
            at = float(np.interp(epoch, epochs, times)) if epochs else now
            kept[epoch] = {"epoch": epoch, "time": at, "metrics": metrics}
    write_history(folder, list(kept.values()))
