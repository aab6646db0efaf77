"""Keeps MLflow's picture of one study up to date, pass by pass, and survives whatever is away."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from filelock import FileLock, Timeout
from mlflow import MlflowClient

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import masked
from orchestrator.tracking.description import Links
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.models import ModelKeeper
from orchestrator.tracking.parent_run import ParentSender
from orchestrator.tracking.records import StudyReader, StudyRecord, TrialRecord
from orchestrator.tracking.result import SyncResult, read_result, write_result
from orchestrator.tracking.runs import RunBook
from orchestrator.tracking.store import find_experiment, open_client
from orchestrator.tracking.trial_run import TrialSender
from search_spaces.errors import OrchestratorError

_EVERYTHING = ("what came last",)
_MOST_ERRORS = 3  # in a row within one pass: then the store is taken to be away


class Projection:
    """Everything that this process knows of one study and its runs.

    Args:
        storage: Optuna storage URL.
        study: the study's name.
        tracking_uri: instead of the one in the study's spec (whose password may be masked).

    Raises:
        OrchestratorError: the study cannot be read. (A store that is away raises nothing.)
    """

    def __init__(self, storage: str, study: str, *, tracking_uri: str | None = None) -> None:
        self._reader = StudyReader(storage, study)
        self._spec: StudySpec = self._reader.spec
        self._storage = storage
        self._uri = _address(self._spec, tracking_uri)
        self._session: _Session | None = None
        held = read_result(self.folder)
        before = held if held and held.tracking_uri == masked(self._uri) else None
        self._before = before or SyncResult(study)
        self._run_ids = dict(self._before.run_ids)
        self._written: SyncResult | None = None

    @property
    def folder(self) -> Path:
        """The study's folder."""
        return Path(self._spec.folder)

    def run_pass(
        self, *, last: bool, again: bool = False, deadline: float | None = None
    ) -> SyncResult:
        """Send what is new; never raises for a store or a file that fails.

        Args:
            last: settle the parent's status and log the best models.
            again: send also what MLflow says it has in full.
            deadline: `time.monotonic()` after which nothing new is begun.
        """
        result = self._try(last=last, again=again, deadline=deadline)
        if result != self._written:
            # Only a convenience, and the folder may be another machine's.
            with contextlib.suppress(OSError):
                write_result(self.folder, result)
            self._written = result
        return result

    def _try(self, *, last: bool, again: bool, deadline: float | None) -> SyncResult:
        note = why_away(self._uri)
        if note:
            return self._result(_EVERYTHING, note)
        try:
            study = self._reader.read()
            with failing_fast(), FileLock(_lock_path(self._spec), timeout=_patience(deadline)):
                return self._send(study, last=last, again=again, deadline=deadline)
        except Timeout:
            return self._result(_EVERYTHING, "another process is sending this study")
        except Exception as error:  # whatever MLflow, a database or a server may raise
            self._session = None
            return self._result(_EVERYTHING, _in_words(error, self._uri))

    def _send(
        self, study: StudyRecord, *, last: bool, again: bool, deadline: float | None
    ) -> SyncResult:
        session = self._open()
        left, notes, in_a_row = [], [], 0
        for trial in study.trials:
            if _is_late(deadline) or in_a_row >= _MOST_ERRORS:
                left.append(_name(trial))
                continue
            try:
                self._run_ids[trial.number] = session.trials.send(trial, again=again)
                in_a_row = 0
            except Exception as error:
                in_a_row += 1
                left.append(_name(trial))
                notes.append(_in_words(error, self._uri))
        links = Links(session.experiment_id, self._run_ids)
        if in_a_row < _MOST_ERRORS:
            session.parent.send(study, links, last=last)
            if last:
                models = session.models.keep(study, self._run_ids, deadline=deadline)
                left += models.left
                notes += models.notes
        return self._result(tuple(left), "; ".join(dict.fromkeys(notes)))

    def _open(self) -> _Session:
        if self._session is None:
            self._session = _Session(open_client(self._uri), self._uri, self._storage, self._spec)
        return self._session

    def _result(self, left: tuple[str, ...], note: str) -> SyncResult:
        session = self._session
        return SyncResult(
            study=self._spec.name,
            tracking_uri=masked(self._uri),
            experiment_id=session.experiment_id if session else self._before.experiment_id,
            parent_run_id=session.parent_id if session else self._before.parent_run_id,
            run_ids=dict(self._run_ids),
            left=left,
            note=note,
        )


class _Session:
    """What is set up once a process, or once more after the store was away."""

    def __init__(self, client: MlflowClient, uri: str, storage: str, spec: StudySpec) -> None:
        self.experiment_id = find_experiment(client, uri, spec.experiment)
        book = RunBook(client, self.experiment_id, spec)
        self.parent_id = str(book.run("", name=spec.name, started=spec.created).info.run_id)
        link = Links(self.experiment_id, {}).run(spec.name, self.parent_id)
        self.trials = TrialSender(client, book, spec, self.parent_id, link)
        self.parent = ParentSender(client, self.parent_id, storage)
        self.models = ModelKeeper(client, self.experiment_id, spec)


def _address(spec: StudySpec, given: str | None) -> str:
    """Where to send; a masked address in the spec is the environment's, if that is the same."""
    environment = os.environ.get("MLFLOW_TRACKING_URI", "")
    if given is None and environment and masked(environment) == spec.tracking_uri:
        return environment
    return given or spec.tracking_uri


def _name(trial: TrialRecord) -> str:
    return f"trial {trial.number}"


def _is_late(deadline: float | None) -> bool:
    return deadline is not None and time.monotonic() >= deadline


def _patience(deadline: float | None) -> float:
    """How long to wait for another process that sends this study, in seconds."""
    return 60.0 if deadline is None else max(0.0, deadline - time.monotonic())


def _in_words(error: Exception, uri: str) -> str:
    """An error's first line, without the store's password."""
    if isinstance(error, OrchestratorError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace(uri, masked(uri))[:300]


def _lock_path(spec: StudySpec) -> Path:
    """In the study's folder, which all its drivers share; else the temporary one."""
    folder = Path(spec.folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "mlflow.lock").touch()
        return folder / "mlflow.lock"
    except OSError:
        return Path(tempfile.gettempdir()) / f"orchestrator-{spec.name}.lock"
