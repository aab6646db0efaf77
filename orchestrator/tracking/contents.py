"""What a trial's run holds: parameters, tags, metrics; pure functions of the trial and its files.

Time stamps are the trial's own, never the moment of sending: MLflow counts them into a metric's
identity, so what is sent again collapses onto what is there.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlflow.entities import Metric

from orchestrator.evaluating.files import evaluated_alarms
from orchestrator.study.facts import TrialFacts
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.batches import allowed_name, milliseconds
from orchestrator.tracking.files import TrialFiles
from orchestrator.tracking.records import StudyRecord, is_over
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

MOST_STEPS = 200
"""Of the metrics by training step: as many as a chart can show."""

EPSILON_STEP = 0.5
"""A step of the metrics by epsilon is half of 1/255, since MLflow's steps are whole numbers:
step 1 is epsilon 0.5/255, step 16 is 8/255."""


def run_params(trial: TrialFacts) -> dict[str, str]:
    """The config as it was run, by field; then what the space suggested and the config lacks."""
    fields = {**trial.params, **trial.config}
    return {
        name: _text(value)
        for name, value in fields.items()
        if name not in _PLACES and value is not None
    }


def run_tags(trial: TrialFacts, study: StudyRecord, report: Mapping[str, Any]) -> dict[str, str]:
    """What a person filters and groups runs by; an empty one is not sent."""
    spec = study.spec
    tags = {
        "study": spec.name,
        "space": spec.space,
        "trial": str(trial.number),
        "state": trial.state,
        "reason": trial.reason,
        "origin": trial.origin if trial.origin != "sampled" else "",
        "config_digest": trial.digest,
        "git_commit": spec.git_commit or "",
        "attempt": str(trial.attempt),
        "worker": trial.worker,
        "exempt": "true" if trial.exempt else "",
        "stopped_at": "" if trial.stopped_at is None else str(trial.stopped_at),
    }
    return (
        tags | _relations(trial, study) | _constraints(trial, study) | _images(trial, spec, report)
    )


def _relations(trial: TrialFacts, study: StudyRecord) -> dict[str, str]:
    """Which other trials of the study it has to do with, by number."""
    follower = study.followers.get(trial.number)
    word = {"successor": "goes_on_from", "retry": "retry_of"}.get(trial.origin, "")
    related = {"answered_from": trial.of} if trial.repeat else {word: trial.of} if word else {}
    return related | ({"followed_by": str(follower.number)} if follower else {})


def _constraints(trial: TrialFacts, study: StudyRecord) -> dict[str, str]:
    if not study.spec.constraints or trial.state != "finished":
        return {}
    broken = study.broken(trial)
    return {"feasible": "false" if broken else "true", "broken": ", ".join(broken)}


def _images(trial: TrialFacts, spec: StudySpec, report: Mapping[str, Any]) -> dict[str, str]:
    if not spec.has_images:
        return {}
    digests = report.get("digests") or {}
    backbone = str(trial.config.get("backbone") or trial.params.get("backbone") or "")
    return {
        "backbone": backbone,
        "data": spec.data.name,
        "data_digest": str(digests.get("data") or spec.data.digest),
        "split_digest": str(digests.get("split") or spec.split.digest),
        "weights_digest": str(digests.get("weights") or spec.weights_digests.get(backbone, "")),
        "labels_used": str(spec.split.labels_used),
        "validation": spec.split.validation,
        "alarms": ", ".join(dict.fromkeys([*_alarms(report), *alarms_of_evaluations(trial)])),
    }


def _alarms(report: Mapping[str, Any]) -> list[str]:
    """Names of the signs of masked gradients that its attack met."""
    provenance = (report.get("robustness") or {}).get("provenance") or {}
    return [str(alarm["name"]) for alarm in provenance.get("alarms") or ()]


def alarms_of_evaluations(trial: TrialFacts) -> list[str]:
    """Names of the signs of masked gradients that its evaluations met."""
    folder = Path(trial.folder) if trial.folder else None
    return [str(alarm.get("name")) for alarm in evaluated_alarms(folder)]


def all_metrics(trial: TrialFacts, spec: StudySpec, files: TrialFiles) -> list[Metric]:
    """Every figure that there is so far; each name and step once."""
    rows = epoch_metrics(trial, spec, files)
    if is_over(trial):
        rows += final_metrics(trial, rows)
        rows += curve_metrics(files.curve, attack_name(trial, files.curve), trial.ended)
        rows += step_metrics(trial, files)
    return list({(row.key, row.step): row for row in reversed(rows)}.values())[::-1]


def epoch_metrics(trial: TrialFacts, spec: StudySpec, files: TrialFiles) -> list[Metric]:
    """Every figure of every epoch, step = epoch.

    Where the files are not to be had (they lie on another machine), the values of the gate metric
    that the study itself holds, spread evenly over the trial's time.
    """
    if files.history or not is_over(trial):
        return [
            Metric(allowed_name(name), float(value), milliseconds(row["time"]), row["epoch"])
            for row in files.history
            for name, value in row["metrics"].items()
            if _is_figure(value)
        ]
    gate = allowed_name((spec.gate or spec.objectives[0]).metric)
    begun, last = trial.started or 0.0, max(trial.steps, default=1)
    pace = ((trial.ended or begun) - begun) / max(1, last)
    return [
        Metric(gate, float(value), milliseconds(begun + step * pace), step)
        for step, value in trial.steps.items()
        if _is_figure(value)
    ]


def final_metrics(trial: TrialFacts, epochs: Sequence[Metric]) -> list[Metric]:
    """The final figures under their public names, at the step of the last epoch.

    A figure that the last epoch has with the same value is not repeated. One that differs (a
    training accuracy measured anew, say) comes one step later: no step has two values.
    """
    last = max((row.step for row in epochs), default=0)
    shown = {row.key: row.value for row in epochs if row.step == last}
    stamp = milliseconds(trial.ended or trial.started or 0.0)
    named = {allowed_name(name): value for name, value in trial.metrics.items()}
    return [
        Metric(name, float(value), stamp, last + (name in shown))
        for name, value in named.items()
        if _is_figure(value) and shown.get(name) != value
    ]


def step_metrics(trial: TrialFacts, files: TrialFiles) -> list[Metric]:
    """`steps/lr` and the like: at most `MOST_STEPS` of the training's steps, evenly, and the last.

    Stamped evenly over the trial's time. All of them are in `steps.parquet`.
    """
    begun = trial.started or 0.0
    seconds = max(0.0, (trial.ended or begun) - begun)
    rows = []
    for name, values_T in files.steps.items():
        count = len(values_T)
        for step in sorted({*range(0, count, -(-count // MOST_STEPS)), count - 1}):
            stamp = milliseconds(begun + seconds * step / count)
            rows.append(Metric(f"steps/{name}", float(values_T[step]), stamp, step))
    return rows


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


def attack_name(trial: TrialFacts, curve: RobustnessCurve | None) -> str:
    """The attack that the curve is of."""
    provenance = curve.provenance if curve else {}
    return str(provenance.get("attack") or trial.config.get("attack") or "fgsm")


def _is_figure(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Iterable) and not isinstance(value, Mapping):
        return ", ".join(_text(item) for item in value)
    return json.dumps(value) if isinstance(value, Mapping | bool) else f"{value}"
