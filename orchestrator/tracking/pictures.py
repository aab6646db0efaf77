"""Pictures and report of the study on its own run, curves of the best; never in sending's way."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import optuna
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.files import read_files
from orchestrator.tracking.pace import Pace
from orchestrator.tracking.parent_run import ParentSender
from orchestrator.tracking.problems import write_down
from orchestrator.tracking.records import StudyRecord
from orchestrator.tracking.runs import RunBook

FOLDER = "pictures"
CURVES = "curves.png"
_BEST = 3  # trials that get one
_EVERY = 180.0  # seconds, while trials run
_WORTH = 60.0  # seconds of trials: a search below is looked at in its table, a report takes longer


class PictureSender:
    """Draws and sends; what goes wrong is written to standard error, and kept from nobody else.

    Args:
        study: as Optuna holds it.
        parent: sends to the study's own run.
        book: runs of its trials.
        tracking_uri: of the store.
        storage: Optuna storage URL.
    """

    def __init__(
        self,
        study: optuna.Study,
        parent: ParentSender,
        book: RunBook,
        tracking_uri: str,
        storage: str,
    ) -> None:
        self._study, self._parent, self._book = study, parent, book
        self._uri, self._storage = tracking_uri, storage
        self._pace = Pace(_EVERY)

    def send(self, study: StudyRecord, *, last: bool) -> str:
        """Draw what is due; what went wrong, in words, or "".

        Args:
            last: the search is over: whatever has changed is due, and the best trials' curves and
                the report too.
        """
        state = tuple((trial.number, trial.state) for trial in study.facts)
        draw = partial(self._pace, partial(self._send_study, study), state, now=last)
        problem = _harmless(draw, "pictures")
        if last and sum(trial.seconds or 0.0 for trial in study.trials) >= _WORTH:
            problem = _harmless(partial(self._send_report, study), "report") or problem
        if last and not study.spec.has_images:
            for trial in study.ranked[:_BEST]:
                problem = _harmless(partial(self._send_curves, trial), "curves") or problem
        return problem

    def _send_study(self, study: StudyRecord) -> None:
        from orchestrator.pictures import write_pictures

        with tempfile.TemporaryDirectory() as folder:
            write_pictures(self._study, study.spec, Path(folder))
            if any(Path(folder).iterdir()):
                self._parent.log_folder(Path(folder), FOLDER)

    def _send_report(self, study: StudyRecord) -> None:
        """Into the study's folder, and from there; `orchestrator report` writes the same."""
        from orchestrator.reporting.ended import write_ended_report
        from orchestrator.tracking.report import FOLDER as REPORT

        with tempfile.TemporaryDirectory() as folder:
            write_ended_report(study.spec, self._storage, Path(folder))
            self._parent.log_folder(Path(folder), REPORT)

    def _send_curves(self, trial: TrialFacts) -> None:
        run = self._book.find(trial.number)
        if run is None:
            return
        repository = get_artifact_repository(run.artifact_uri, tracking_uri=self._uri)
        if any(entry.path == CURVES for entry in repository.list_artifacts()):
            return
        from orchestrator.tracking.curve_picture import curves_png

        drawn = curves_png(trial, read_files(trial).history)
        if drawn is not None:
            with tempfile.TemporaryDirectory() as folder:
                Path(folder, CURVES).write_bytes(drawn)
                repository.log_artifact(str(Path(folder, CURVES)))


def _harmless(act: Callable[[], None], what: str) -> str:
    """What went wrong, in words; "" when nothing did."""
    try:
        act()
    except Exception as error:  # whatever a picture or the store for files may raise
        write_down(error)
        return f"{what}: {type(error).__name__}: {error}"[:200]
    return ""
