"""Sends the study's own run: description, comparison, best figures so far."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import Metric

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import sqlite_path
from orchestrator.tracking.dataset import dataset_inputs
from orchestrator.tracking.description import (
    Links,
    comparison_csv,
    describe,
    interval,
)
from orchestrator.tracking.records import StudyRecord
from orchestrator.tracking.runs import milliseconds, send_metrics, send_params, send_tags

_PICTURE_EVERY = 20.0  # seconds; drawing takes about one, and the search wants the processor


class ParentSender:
    """Sends one study's own run; remembers what this process has sent already.

    Args:
        client: of the tracking store.
        run_id: of the study's own run.
        storage: Optuna storage URL, for the commands in the description.
    """

    def __init__(self, client: MlflowClient, run_id: str, storage: str) -> None:
        self._client, self._run_id = client, run_id
        path = sqlite_path(storage)
        is_default = path is not None and path.name == "optuna.db"
        self._hint = "" if is_default else " --storage URL"
        self._sent_text = ""
        self._sent_status = ""
        self._sent_table = ""
        self._drawn = 0.0
        self._begun = False

    def send(self, study: StudyRecord, links: Links, *, last: bool) -> None:
        """Bring the run up to date.

        Args:
            last: no trial is running any more as far as this process knows: settle the status
                and draw the picture now.
        """
        self._begin(study.spec)
        self._send_text(study, links)
        self._send_table(study, links, last=last)
        self._send_status(study, last=last)

    def _begin(self, spec: StudySpec) -> None:
        if self._begun:
            return
        send_params(self._client, self._run_id, _params(spec))
        send_tags(self._client, self._run_id, _tags(spec))
        self._client.log_inputs(self._run_id, dataset_inputs(spec))
        self._begun = True

    def _send_text(self, study: StudyRecord, links: Links) -> None:
        text = describe(study, links, storage_hint=self._hint)
        if text != self._sent_text:
            send_tags(self._client, self._run_id, {"mlflow.note.content": text})
            self._sent_text = text

    def _send_table(self, study: StudyRecord, links: Links, *, last: bool) -> None:
        table = comparison_csv(study, links)
        due = last or time.monotonic() - self._drawn >= _PICTURE_EVERY
        if table == self._sent_table or not due:
            return
        send_metrics(self._client, self._run_id, best_so_far(study))
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "comparison.csv").write_text(table, encoding="utf-8")
            Path(folder, "comparison.png").write_bytes(comparison_png(study))
            self._client.log_artifacts(self._run_id, folder)
        self._sent_table, self._drawn = table, time.monotonic()

    def _send_status(self, study: StudyRecord, *, last: bool) -> None:
        """RUNNING while a driver is at it; then FINISHED, or KILLED if trials are missing."""
        running = any(not trial.is_over for trial in study.trials)
        status = "RUNNING" if running or not last else "FINISHED" if study.is_done else "KILLED"
        if status == self._sent_status:
            return
        if status == "RUNNING":
            self._client.update_run(self._run_id, status="RUNNING")
        else:
            ends = [trial.ended for trial in study.trials if trial.ended]
            end = milliseconds(max(ends, default=study.spec.created))
            self._client.set_terminated(self._run_id, status, end)
        self._sent_status = status


def best_so_far(study: StudyRecord) -> list[Metric]:
    """`best_<objective>` after each finished trial, in the order in which they ended.

    Names of its own, so that a flat list sorted by `val_acc` holds trials alone at its top. The
    rows follow from the trials and carry their times, so sending them again changes nothing.
    """
    rows = []
    for objective in study.spec.objectives:
        name, better = objective.metric, max if objective.direction == "maximize" else min
        done = [t for t in study.trials if t.state == "finished" and name in t.metrics and t.ended]
        best = None
        for step, trial in enumerate(sorted(done, key=lambda t: (t.ended or 0, t.number)), 1):
            value = float(trial.metrics[name])
            best = value if best is None else better(best, value)
            rows.append(Metric(f"best_{name}", best, milliseconds(trial.ended or 0), step))
    return rows


def comparison_png(study: StudyRecord) -> bytes:
    """The bar chart of the finished trials, best first."""
    from trainables.pictures.comparison import ComparedTrial, draw_comparison
    from trainables.pictures.style import png

    split, metric = study.spec.split, study.objective.metric
    main = metric if metric not in ("robust_score",) else "val_acc"
    total = split.val if main == "val_acc" else 0
    bars = [
        ComparedTrial(
            f"{trial.label}  (trial {trial.number})",
            trial.metrics.get(main),
            *interval(trial.metrics.get(main), total),
            trial.metrics.get("robust_score"),
        )
        for trial in study.ranked
    ]
    words = "validation accuracy" if main == "val_acc" else main
    measured = f"{words} (n = {split.val:,} images)"
    if any(bar.second is not None for bar in bars):
        measured += f" and robust score (n = {split.robust:,})"
    return png(draw_comparison(bars, title=study.spec.name, measured=measured, value_name=words))


def _params(spec: StudySpec) -> dict[str, str]:
    """What was decided for the whole search; names that no trial's parameters have."""
    fixed = ", ".join(f"{key}={value}" for key, value in spec.fixed.items())
    return {
        "trials_wanted": str(spec.trials),
        "search_seed": str(spec.seed),
        "objectives": ", ".join(f"{o.direction} {o.metric}" for o in spec.objectives),
        "backbones": ", ".join(spec.backbones),
        "fixed": fixed or "nothing",
    }


def _tags(spec: StudySpec) -> dict[str, str]:
    return {
        "study": spec.name,
        "space": f"{spec.space}",
        "state": "search",
        "data": spec.data.name,
        "data_digest": spec.data.digest,
        "split_digest": spec.split.digest,
        "git_commit": spec.git_commit or "",
        "labels_used": str(spec.split.labels_used),
        "versions": ", ".join(f"{name} {version}" for name, version in spec.versions.items()),
    }
