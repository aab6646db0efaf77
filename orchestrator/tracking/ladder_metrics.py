"""What `orchestrator attack` found of a trial, as metrics of its run.

A section of the charts for each norm and epsilon, since figures of two of them are not compared:
`ladder_eps_8/pgd50x10_acc` with `_low` and `_high`, `ladder_eps_8/pgd50x10_n`, ... in
L-infinity, `ladder_l2_eps_128/...` in L2. All at step 0, stamped with the moment of the attack.

MLflow takes nothing of a metric back. Of two values at one step it shows the later one, so the
figure of an attack that is run again stands in the place of the one before; and a figure that it
does not give any more becomes NaN, which the tables sort last.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Metric

from orchestrator.attacking.files import read_trial_ladders
from orchestrator.tracking.batches import allowed_name, milliseconds, send_batch

_STEP = 0


def ladder_metrics(folder: Path | None) -> list[Metric]:
    """Of all ladders in a trial's folder; a damaged one is passed over."""
    rows = []
    for ladder in read_trial_ladders(folder):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            stamp, figures = milliseconds(ladder["made"]), _figures(ladder)
            rows += [Metric(name, value, stamp, _STEP) for name, value in figures.items()]
    return rows


def send_ladders(client: MlflowClient, run_id: str, folder: Path | None) -> None:
    """Send what the run has not got; nothing, and no question, for a trial that was not attacked.

    What is sent twice at once, or after a kill, has the same stamp and collapses.
    """
    wanted = ladder_metrics(folder)
    if not wanted:
        return
    held = client.get_run(run_id).data.metrics
    stale = [row for row in wanted if held.get(row.key) != row.value]
    send_batch(client, run_id, metrics=[*stale, *_taken_back(wanted, held)])


def _taken_back(wanted: list[Metric], held: Mapping[str, float]) -> list[Metric]:
    """NaN for figures of an earlier attack at the same epsilon, of rungs that it took alone."""
    stamps = {_section(row.key): row.timestamp for row in wanted}
    named = {row.key for row in wanted}
    return [
        Metric(name, math.nan, stamps[_section(name)], _STEP)
        for name, value in held.items()
        if _section(name) in stamps and name not in named and not math.isnan(value)
    ]


def _figures(ladder: Mapping[str, Any]) -> dict[str, float]:
    """By full name; of a rung that ended before it attacked anything there is no accuracy."""
    norm = "" if ladder["norm"] == "linf" else f"_{ladder['norm']}"
    figures = {
        "n": ladder["count"],
        "clean_acc": ladder["clean"],
        "union_acc": ladder["union"]["accuracy"],
    }
    for rung in ladder["rungs"]:
        name = rung["rung"]
        figures[f"{name}_acc"] = rung["accuracy"]
        figures[f"{name}_acc_low"], figures[f"{name}_acc_high"] = rung["low"], rung["high"]
        figures[f"{name}_n"] = rung["attacked"]
    return {
        allowed_name(f"ladder{norm}_eps_{ladder['eps_255']:g}/{name}"): float(value)
        for name, value in figures.items()
        if value is not None and math.isfinite(value)
    }


def _section(name: str) -> str:
    return name.partition("/")[0]
