"""What a trial's run holds: parameters, tags, metrics; pure functions of the trial and its files.

Time stamps are the trial's own, never the moment of sending: MLflow counts them into a metric's
identity, so what is sent again collapses onto what is there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mlflow.entities import Metric

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.records import TrialRecord
from orchestrator.tracking.runs import milliseconds
from trainables.reports import RobustnessCurve

# Where a trial runs, not what it is: these differ between machines and would only be columns.
_PLACES = frozenset({"data_dir", "weights_dir", "cache_limit_gb", "device", "threads"})

RUN_STATUS = {
    "running": "RUNNING",
    "finished": "FINISHED",
    "pruned": "KILLED",
    "failed": "FAILED",
    "stopped": "KILLED",
}

EPSILON_STEP = 0.5
"""A step of the metrics by epsilon is half of 1/255, since MLflow's steps are whole numbers:
step 1 is epsilon 0.5/255, step 16 is 8/255."""


def run_params(trial: TrialRecord) -> dict[str, str]:
    """The config as it was run, by field; then what the space suggested and the config lacks."""
    fields = {**trial.params, **trial.config}
    return {
        name: _text(value)
        for name, value in fields.items()
        if name not in _PLACES and value is not None
    }


def run_tags(trial: TrialRecord, spec: StudySpec, report: Mapping[str, Any]) -> dict[str, str]:
    """What a person filters and groups runs by."""
    digests = report.get("digests") or {}
    backbone = str(trial.config.get("backbone") or trial.params.get("backbone") or "")
    return {
        "study": spec.name,
        "space": spec.space,
        "trial": str(trial.number),
        "backbone": backbone,
        "state": trial.state,
        "reason": trial.reason,
        "data": spec.data.name,
        "data_digest": str(digests.get("data") or spec.data.digest),
        "split_digest": str(digests.get("split") or spec.split.digest),
        "weights_digest": str(digests.get("weights") or spec.weights_digests.get(backbone, "")),
        "config_digest": trial.digest,
        "git_commit": spec.git_commit or "",
        "attempt": str(trial.attempt),
        "worker": trial.worker,
        "labels_used": str(spec.split.labels_used),
    }


def history_metrics(history: Sequence[Mapping[str, Any]], *, after: int = 0) -> list[Metric]:
    """Every figure of every epoch beyond `after`, step = epoch."""
    return [
        Metric(name, float(value), milliseconds(float(row.get("time") or 0.0)), int(row["epoch"]))
        for row in history
        if row["epoch"] > after
        for name, value in (row.get("metrics") or {}).items()
        if _is_figure(value)
    ]


def final_metrics(trial: TrialRecord, history: Sequence[Mapping[str, Any]]) -> list[Metric]:
    """The final figures under their public names, at the step of the last epoch.

    A figure that the last epoch has with the same value is not repeated. One that differs (a
    training accuracy measured anew, say) has the later time stamp, so MLflow shows it as latest.
    """
    last: Mapping[str, Any] = history[-1] if history else {"epoch": 0}
    shown = last.get("metrics") or {}
    stamp = milliseconds(trial.ended or trial.started)
    return [
        Metric(name, float(value), stamp, int(last["epoch"]))
        for name, value in trial.metrics.items()
        if _is_figure(value) and shown.get(name) != value
    ]


def curve_metrics(curve: RobustnessCurve | None, attack: str, ended: float | None) -> list[Metric]:
    """`robustness/<attack>_acc_by_eps` and `.../<attack>_worst_case_by_eps`.

    The slash gives them a section of their own among the charts; the step is the epsilon in
    units of `EPSILON_STEP` / 255. An epsilon that is no multiple of it is left to the metrics
    `<attack>_acc_eps_N`.
    """
    if curve is None:
        return []
    stamp = milliseconds(ended or 0.0)
    lines = (("acc", curve.accuracy), ("worst_case", curve.worst_case))
    return [
        Metric(f"robustness/{attack}_{kind}_by_eps", float(value), stamp, round(eps / EPSILON_STEP))
        for kind, values in lines
        for eps, value in zip(curve.eps_255, values, strict=False)
        if _is_figure(value) and (eps / EPSILON_STEP).is_integer()
    ]


def attack_name(trial: TrialRecord, curve: RobustnessCurve | None) -> str:
    """The attack that the curve is of."""
    provenance = curve.provenance if curve else {}
    return str(provenance.get("attack") or trial.config.get("attack") or "fgsm")


def run_note(trial: TrialRecord, curve: RobustnessCurve | None, parent_link: str) -> str:
    """The run's description, in Markdown."""
    lines = [f"Trial {trial.number} of {parent_link}: **{trial.label}** — {trial.state}."]
    if trial.reason:
        lines.append(f"Reason: {trial.reason}")
    if curve is not None:
        attack = attack_name(trial, curve)
        lines.append(
            f"`summary.png` among the artifacts shows it all in one picture. In the charts "
            f"`robustness/{attack}_..._by_eps` a step is 0.5/255 of epsilon "
            f"(step 16 is 8/255), over {curve.count:,} validation images."
        )
    return "\n\n".join(lines)


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return ", ".join(_text(item) for item in value)
    return json.dumps(value) if isinstance(value, Mapping | bool) else f"{value}"
