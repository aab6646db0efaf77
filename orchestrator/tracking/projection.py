"""Keeps MLflow's picture of one study up to date, pass by pass, and survives whatever is away."""

from __future__ import annotations

import contextlib
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from filelock import Timeout

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import masked
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.records import StudyReader, StudyRecord
from orchestrator.tracking.result import SyncResult, read_result, write_result
from orchestrator.tracking.session import Session
from orchestrator.tracking.turns import Turns
from orchestrator.tracking.whose import Whose
from search_spaces.errors import OrchestratorError

_EVERYTHING = ("what came last",)
_PATIENCE = 60.0  # seconds, for another process that sends this study
_NOTE_SECONDS = 5.0  # between two notes of run ids in the study's folder


class Projection:
    """Everything that this process knows of one study and its runs.

    Args:
        storage: Optuna storage URL.
        study: the study's name.
        tracking_uri: instead of the one in the study's spec (whose password may be masked).
        driver: whose trials are sent, see `Whose`; "" for all.

    Raises:
        OrchestratorError: the study cannot be read. (A store that is away raises nothing.)
    """

    def __init__(
        self, storage: str, study: str, *, tracking_uri: str | None = None, driver: str = ""
    ) -> None:
        self._reader = StudyReader(storage, study)
        self._storage = storage
        self._uri = _address(self._reader.spec, tracking_uri)
        self._is_its_own = masked(self._uri) == masked(self._reader.spec.tracking_uri)
        self._turns = Turns(self._reader.spec)
        self._session: Session | None = None
        self._study: StudyRecord | None = None
        self._whose = Whose(driver)
        self._failures: Counter[int] = Counter()
        held = read_result(self.folder)
        before = held if held and held.tracking_uri == masked(self._uri) else None
        self._latest = before or SyncResult(study, masked(self._uri))
        self._written: SyncResult | None = None
        self._written_at = -_NOTE_SECONDS

    @property
    def folder(self) -> Path:
        """The study's folder."""
        return Path(self._reader.spec.folder)

    def run_pass(
        self, *, last: bool, again: bool = False, deadline: float | None = None
    ) -> SyncResult:
        """Send what is new; never raises for a store or a file that fails.

        Args:
            last: no trial of this driver runs any more: send what belongs to others too, settle
                the parent's status and log the best models.
            again: mend what was deleted in MLflow: files, and the experiment itself.
            deadline: `time.monotonic()` after which nothing new is begun.
        """
        try:
            self._latest = self._try(last=last, again=again, deadline=deadline)
        except Timeout:
            self._latest = self._result(_EVERYTHING, "another process is sending this study")
        except Exception as error:  # whatever MLflow, a database or a server may raise
            self._session = None
            self._latest = self._result(_EVERYTHING, _in_words(error, self._uri))
        self._note(now=last)
        return self._latest

    def draw(self, *, last: bool) -> str:
        """Draw and send the pictures that are due; what went wrong, in words, or ""."""
        if self._session is None or self._study is None or why_away(self._uri):
            return ""
        with failing_fast():
            return self._session.pictures.send(self._study, last=last)

    def _try(self, *, last: bool, again: bool, deadline: float | None) -> SyncResult:
        away = why_away(self._uri)
        if away:
            return self._result(_EVERYTHING, away)
        with failing_fast(), self._turns.turn(_patience(deadline)) as alone:
            # Read now: what was read before somebody else's turn may be older than what he sent.
            study = self._study = self._reader.read()
            session, is_new = self._session, self._session is None
            if session is None:
                given = (self._reader, self._uri, self._storage, self._whose, self._failures)
                session = self._session = Session(*given, restore=again)
            session.look_around(study, alone=alone or is_new, last=last and not is_new)
            return self._send(session, study, last=last, again=again, deadline=deadline)

    def _send(
        self,
        session: Session,
        study: StudyRecord,
        *,
        last: bool,
        again: bool,
        deadline: float | None,
    ) -> SyncResult:
        def is_late() -> bool:
            return deadline is not None and time.monotonic() >= deadline

        outcome = session.send_trials(study, last=last, ask=again, is_late=is_late)
        left = [f"trial {number}" for number in (*outcome.problems, *outcome.late)]
        notes = [_in_words(error, self._uri) for error in outcome.problems.values()]
        try:
            if not outcome.gave_up:
                session.parent.send(study, session.links, last=last)
            if not outcome.gave_up and last:
                models = session.models.keep(study, session.book.run_ids, deadline=deadline)
                left += models.left
                notes += models.notes
        except Exception as error:
            self._session = None
            left.append("the study's own run")
            notes.append(_in_words(error, self._uri))
        if outcome.gave_up:
            self._session = None  # the store may be another one when it is back
        lacking = tuple(t.number for t in study.trials if session.trials.lacks_files(t))
        result = self._result(tuple(left), "; ".join(dict.fromkeys(notes)), session)
        return replace(result, without_files=lacking)

    def _result(
        self, left: tuple[str, ...], note: str, session: Session | None = None
    ) -> SyncResult:
        before = self._latest
        return SyncResult(
            study=self._reader.spec.name,
            tracking_uri=masked(self._uri),
            experiment_id=session.experiment_id if session else before.experiment_id,
            parent_run_id=session.parent.run_id if session else before.parent_run_id,
            run_ids=dict(session.book.run_ids) if session else before.run_ids,
            left=left,
            without_files=before.without_files,
            note=note,
        )

    def _note(self, *, now: bool) -> None:
        """Keep the run ids in the study's folder; only a convenience, it may be another machine's.

        Not those of another store than the study's own: whoever shows the study links to that.
        """
        is_due = now or time.monotonic() - self._written_at >= _NOTE_SECONDS
        if not self._is_its_own or not is_due or self._latest == self._written:
            return
        with contextlib.suppress(OSError):
            write_result(self.folder, self._latest)
        self._written, self._written_at = self._latest, time.monotonic()


def _address(spec: StudySpec, given: str | None) -> str:
    """Where to send; a masked address in the spec is the environment's, if that is the same."""
    environment = os.environ.get("MLFLOW_TRACKING_URI", "")
    if given is None and environment and masked(environment) == spec.tracking_uri:
        return environment
    return given or spec.tracking_uri


def _patience(deadline: float | None) -> float:
    return _PATIENCE if deadline is None else max(0.0, deadline - time.monotonic())


def _in_words(error: Exception, uri: str) -> str:
    """An error's first line, without the store's password."""
    if isinstance(error, OrchestratorError):
        return str(error)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace(uri, masked(uri))[:300]
