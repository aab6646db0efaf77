"""Sends one trial to its run: live epochs while it runs, everything once it is over."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from mlflow import MlflowClient

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.artifacts import stage_artifacts
from orchestrator.tracking.contents import (
    RUN_STATUS,
    attack_name,
    curve_metrics,
    final_metrics,
    history_metrics,
    run_note,
    run_params,
    run_tags,
)
from orchestrator.tracking.dataset import dataset_inputs
from orchestrator.tracking.files import read_curve, read_history, read_report
from orchestrator.tracking.records import TrialRecord
from orchestrator.tracking.runs import (
    SENT_TAG,
    RunBook,
    milliseconds,
    send_metrics,
    send_params,
    send_tags,
)

_NOTE_TAG = "mlflow.note.content"
_VERSION = 1  # raised when a run's contents change, so that old runs are sent again


class TrialSender:
    """Sends trials of one study; remembers what this process has sent already.

    Args:
        client, book, spec: of the study.
        parent: run id of the study's own run.
        parent_link: Markdown link to it.
    """

    def __init__(
        self, client: MlflowClient, book: RunBook, spec: StudySpec, parent: str, parent_link: str
    ) -> None:
        self._client, self._book, self._spec = client, book, spec
        self._parent, self._parent_link = parent, parent_link
        self._begun: set[int] = set()
        self._epoch_sent: dict[int, int] = {}
        self._over: dict[int, str] = {}

    def send(self, trial: TrialRecord, *, again: bool = False) -> str:
        """Bring the trial's run up to date; its run id.

        Args:
            again: send also what MLflow says it has in full.
        """
        key = f"{self._spec.name}/{trial.number}"
        run = self._book.run(key, name=trial.label, started=trial.started, parent=self._parent)
        run_id = str(run.info.run_id)
        mark = _mark(trial)
        held = self._over.get(trial.number) or run.data.tags.get(SENT_TAG)
        if trial.is_over and held == mark and not again:
            return run_id
        self._begin(trial, run_id)
        self._send_epochs(trial, run_id)
        if trial.is_over:
            self._finish(trial, run_id, mark)
            self._over[trial.number] = mark
        return run_id

    def _begin(self, trial: TrialRecord, run_id: str) -> None:
        """What is known from the start, once a process."""
        if trial.number in self._begun:
            return
        send_params(self._client, run_id, run_params(trial))
        tags = run_tags(trial, self._spec, {})
        send_tags(self._client, run_id, {**tags, _NOTE_TAG: self._note(trial)})
        self._client.log_inputs(run_id, dataset_inputs(self._spec))
        self._begun.add(trial.number)

    def _send_epochs(self, trial: TrialRecord, run_id: str) -> None:
        history = read_history(trial.folder)
        after = self._epoch_sent.get(trial.number, 0)
        metrics = history_metrics(history, after=after)
        if metrics:
            send_metrics(self._client, run_id, metrics)
            self._epoch_sent[trial.number] = max(row["epoch"] for row in history)

    def _finish(self, trial: TrialRecord, run_id: str, mark: str) -> None:
        """The mark that all is there goes last: a kill before it means all is sent again."""
        report = read_report(trial.folder)
        curve = read_curve(report)
        history = read_history(trial.folder)
        attack = attack_name(trial, curve)
        send_metrics(self._client, run_id, history_metrics(history))
        send_metrics(self._client, run_id, final_metrics(trial, history))
        send_metrics(self._client, run_id, curve_metrics(curve, attack, trial.ended))
        with tempfile.TemporaryDirectory() as folder:
            if stage_artifacts(trial, self._spec, Path(folder)):
                self._client.log_artifacts(run_id, folder)
        tags = run_tags(trial, self._spec, report)
        send_tags(self._client, run_id, {**tags, _NOTE_TAG: self._note(trial)})
        self._client.set_terminated(
            run_id, RUN_STATUS[trial.state], milliseconds(trial.ended or trial.started)
        )
        send_tags(self._client, run_id, {SENT_TAG: mark})

    def _note(self, trial: TrialRecord) -> str:
        curve = read_curve(read_report(trial.folder))
        return run_note(trial, curve, self._parent_link)


def _mark(trial: TrialRecord) -> str:
    """16 hex digits over all that the study says of an ended trial."""
    text = json.dumps([_VERSION, asdict(trial)], sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
