"""Sends the study's own run: description, comparison, best figures so far."""

from __future__ import annotations

import tempfile
from pathlib import Path

from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import sqlite_path
from orchestrator.tracking.batches import milliseconds
from orchestrator.tracking.best_so_far import best_so_far
from orchestrator.tracking.description import describe
from orchestrator.tracking.half_sent import HalfSentRun
from orchestrator.tracking.notes import Links
from orchestrator.tracking.pace import Pace
from orchestrator.tracking.records import StudyRecord
from orchestrator.tracking.runs import HeldRun
from orchestrator.tracking.table import comparison_csv

NOTE_TAG = "mlflow.note.content"


class ParentSender:
    """Sends one study's own run; remembers what this process has sent already.

    Args:
        client: of the tracking store.
        run: the study's own.
        tracking_uri: that of the client.
        storage: Optuna storage URL, for the commands in the description.
    """

    def __init__(self, client: MlflowClient, run: HeldRun, tracking_uri: str, storage: str) -> None:
        self._half = HalfSentRun(client, run, {})
        self._uri = tracking_uri
        path = sqlite_path(storage)
        is_default = path is not None and path.name == "optuna.db"
        self._hint = "" if is_default else " --storage URL"
        self._text, self._table = Pace(5.0, first=0.0), Pace(20.0)
        self._status = ""

    @property
    def run_id(self) -> str:
        """Of the study's own run."""
        return self._half.run_id

    def send(self, study: StudyRecord, links: Links, *, last: bool) -> None:
        """Bring the run up to date.

        Args:
            last: no trial is running any more as far as this process knows: settle the status,
                and send now what is else sent now and then.
        """
        self._half.send_inputs(study.spec)
        state = _state(study, links)
        self._text(lambda: self._send_text(study, links, last=last), (state, last), now=last)
        self._table(lambda: self._send_table(study, links), state, now=last)
        self._send_status(study, last=last)

    def look_again(self) -> None:
        """Somebody else may have sent to it."""
        self._half.look()

    def log_folder(self, folder: Path, place: str | None = None) -> None:
        """Send all files of `folder` as artifacts, under `place`."""
        repository = get_artifact_repository(self._half.artifact_uri, tracking_uri=self._uri)
        repository.log_artifacts(str(folder), place)

    def _send_text(self, study: StudyRecord, links: Links, *, last: bool) -> None:
        text = describe(study, links, storage_hint=self._hint, with_fidelity=last)
        tags = _tags(study.spec) | {NOTE_TAG: text}
        self._half.send(_params(study.spec), best_so_far(study, last=last), tags)

    def _send_table(self, study: StudyRecord, links: Links) -> None:
        from orchestrator.label_curves import read_label_curves
        from orchestrator.label_curves.table import curves_csv
        from orchestrator.tracking.comparison import comparison_png

        with tempfile.TemporaryDirectory() as folder:
            table = comparison_csv(study, links)
            Path(folder, "comparison.csv").write_text(table, encoding="utf-8")
            Path(folder, "comparison.png").write_bytes(comparison_png(study))
            curves = read_label_curves(study.facts, study.spec)
            if curves:
                table = curves_csv(curves)
                Path(folder, "label_curves.csv").write_text(table, encoding="utf-8")
            self.log_folder(Path(folder))

    def _send_status(self, study: StudyRecord, *, last: bool) -> None:
        """RUNNING while a driver is at it; then FINISHED, or KILLED if trials are missing."""
        running = any(trial.state == "running" for trial in study.trials)
        status = "RUNNING" if running or not last else "FINISHED" if study.is_done else "KILLED"
        if status == "RUNNING":
            self._half.go_on()
        elif status != self._status:
            ends = [trial.ended for trial in study.trials if trial.ended]
            self._half.end(status, milliseconds(max(ends, default=study.spec.created)))
        self._status = status


def _state(study: StudyRecord, links: Links) -> object:
    """What the text and the table depend on: an ended trial never changes."""
    states = tuple((trial.number, trial.state) for trial in study.facts)
    return states, tuple(links.run_ids.items()), study.spec


def _params(spec: StudySpec) -> dict[str, str]:
    """What was decided for the whole search and never changes; names that no trial's have."""
    fixed = ", ".join(f"{key}={value}" for key, value in spec.fixed.items())
    return {
        "search_seed": str(spec.seed),
        "objectives": ", ".join(f"{o.direction} {o.metric}" for o in spec.objectives),
        "sampler": spec.sampler,
        "pruner": spec.pruner.name,
        **({"backbones": ", ".join(spec.backbones)} if spec.has_images else {}),
        "fixed": fixed or "nothing",
    }


def _tags(spec: StudySpec) -> dict[str, str]:
    tags = {
        "study": spec.name,
        "space": spec.space,
        "state": "search",
        "trials_wanted": str(spec.trials),
        "gate": spec.gate.metric if spec.gate else "",
        "constraints": ", ".join(str(condition) for condition in spec.constraints),
        "git_commit": spec.git_commit or "",
        "versions": ", ".join(f"{name} {version}" for name, version in spec.versions.items()),
    }
    if not spec.has_images:
        return tags | {"trainable": spec.trainable}
    return tags | {
        "data": spec.data.name,
        "data_digest": spec.data.digest,
        "split_digest": spec.split.digest,
        "labels_used": str(spec.split.labels_used),
        "validation": spec.split.validation,
    }
