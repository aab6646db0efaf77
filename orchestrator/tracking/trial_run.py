"""Sends one trial to its run: live epochs while it runs, everything once it is over.

An ended trial costs these calls, in this order: `create_run`, its files, `log_inputs` (images
only), one `log_batch` with the mark that all is there, `set_terminated`. A run counts as sent when
it has both the mark and its final status, so a kill between any two calls means that the rest is
sent again; and no step is sent that is there already.
"""

from __future__ import annotations

from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.facts import TrialFacts
from orchestrator.tracking.artifacts import artifact_names, send_artifacts
from orchestrator.tracking.batches import milliseconds, send_batch
from orchestrator.tracking.contents import RUN_STATUS, all_metrics, run_params, run_tags
from orchestrator.tracking.evaluation_files import lacks_evaluations, send_evaluations
from orchestrator.tracking.files import TrialFiles, is_here, read_files
from orchestrator.tracking.half_sent import HalfSentRun
from orchestrator.tracking.ladder_metrics import send_ladders
from orchestrator.tracking.notes import Links, run_note
from orchestrator.tracking.records import StudyRecord, folder_of, is_over
from orchestrator.tracking.runs import SENT_TAG, RunBook

NOTE_TAG = "mlflow.note.content"
_VERSION = 2  # raised when a run's contents change, so that old runs are sent again
_WITHOUT = " without files"


class TrialSender:
    """Sends trials of one study; remembers what this process has sent already.

    Args:
        client, book: of the study.
        tracking_uri: that of the client.
        parent: run id of the study's own.
        links: to other runs.
    """

    def __init__(
        self, client: MlflowClient, book: RunBook, tracking_uri: str, parent: str, links: Links
    ) -> None:
        self._client, self._book, self._uri = client, book, tracking_uri
        self._parent, self._links = parent, links
        self._half: dict[int, HalfSentRun] = {}
        self._marks: dict[tuple[int, str], str] = {}

    def is_sent(self, trial: TrialFacts) -> bool:
        """Whether its run holds all there is of it; asks MLflow nothing."""
        mark = _mark(trial)
        return self._mark_of(trial) in (mark, mark + _WITHOUT)

    def was_sent_by_others(self, trial: TrialFacts) -> bool:
        """Whether somebody else has sent it since; asks MLflow where there may be others."""
        return is_over(trial) and self._book.look(trial.number) and self.is_sent(trial)

    def lacks_files(self, trial: TrialFacts) -> bool:
        """Whether it was sent without the files that it left, since they are not here."""
        left_some = trial.state in ("finished", "pruned") and bool(trial.folder)
        return left_some and self._mark_of(trial).endswith(_WITHOUT)

    def has_more(self, trial: TrialFacts, study: StudyRecord, *, ask: bool) -> bool:
        """Whether files of a trial that was sent are here now, and not in MLflow.

        Args:
            ask: look into MLflow too; else only trials count that were sent without their files.
        """
        if self._mark_of(trial).endswith(_WITHOUT):
            return bool(trial.folder) and is_here(trial)
        run = self._book.find(trial.number)
        if not ask or run is None or not is_over(trial):
            return False
        files = read_files(trial)
        if not files.here:
            return False
        there = {entry.path for entry in self._repository(run.artifact_uri).list_artifacts()}
        return not artifact_names(trial, study.spec, files) <= there

    def mend_evaluations(self, trial: TrialFacts) -> None:
        """Send evaluations and ladders of a trial that was sent before, if they are not there."""
        run, folder = self._book.find(trial.number), folder_of(trial)
        if run is None or not is_over(trial) or not is_here(trial):
            return
        repository = self._repository(run.artifact_uri)
        if lacks_evaluations(repository, folder):
            send_evaluations(repository, folder)
        send_ladders(self._client, run.run_id, folder)

    def send(self, trial: TrialFacts, study: StudyRecord) -> str:
        """Bring the trial's run up to date; its run id."""
        files = read_files(trial, ended=is_over(trial))
        half = self._half_sent(trial, study, files)
        if trial.state == "running":
            self._send_live(half, trial, study, files)
        else:
            self._send_end(half, trial, study, files)
        return half.run_id

    def forget(self, trial: TrialFacts) -> None:
        """A call failed, and may have been carried out: ask MLflow the next time."""
        self._half.pop(trial.number, None)
        self._book.forget(trial.number)

    def _repository(self, artifact_uri: str) -> ArtifactRepository:
        """Where a run's files are; MLflow's own call would ask for the run first."""
        return get_artifact_repository(artifact_uri, tracking_uri=self._uri)

    def _half_sent(self, trial: TrialFacts, study: StudyRecord, files: TrialFiles) -> HalfSentRun:
        tags = self._tags(trial, study, files)
        run = self._book.run(
            trial.number,
            name=trial.label,
            started=trial.started or trial.ended or study.spec.created,
            parent=self._parent,
            tags=tags,
        )
        half = self._half.get(trial.number)
        if half is None or half.run_id != run.run_id:
            self._tell_predecessor(trial, study)
            half = HalfSentRun(self._client, self._book.begin(trial.number), tags)
            self._half[trial.number] = half
        return half

    def _send_live(
        self, half: HalfSentRun, trial: TrialFacts, study: StudyRecord, files: TrialFiles
    ) -> None:
        half.go_on()
        half.send_inputs(study.spec)
        metrics = all_metrics(trial, study.spec, files)
        half.send(run_params(trial), metrics, self._tags(trial, study, files))

    def _send_end(
        self, half: HalfSentRun, trial: TrialFacts, study: StudyRecord, files: TrialFiles
    ) -> None:
        """The mark goes with the last batch; without it where the files could not be sent."""
        problem = self._send_files(half, trial, study, files) if is_over(trial) else None
        half.send_inputs(study.spec)
        mark = _mark(trial) + ("" if files.here else _WITHOUT)
        tags = self._tags(trial, study, files) | ({} if problem else {SENT_TAG: mark})
        half.send(run_params(trial), all_metrics(trial, study.spec, files), tags)
        end = trial.ended or trial.started or study.spec.created
        half.end(RUN_STATUS[trial.state], milliseconds(end))
        if problem is not None:
            raise problem
        if is_over(trial):
            del self._half[trial.number]
        self._marks[trial.number, half.run_id] = mark

    def _send_files(
        self, half: HalfSentRun, trial: TrialFacts, study: StudyRecord, files: TrialFiles
    ) -> Exception | None:
        """What went wrong: the figures are to be shown even where files cannot be stored."""
        try:
            send_ladders(self._client, half.run_id, files.folder if files.here else None)
            send_artifacts(self._repository(half.artifact_uri), trial, study.spec, files)
        except Exception as error:
            return error
        return None

    def _tell_predecessor(self, trial: TrialFacts, study: StudyRecord) -> None:
        """The run that this one stands for was sent before there was anything to link to."""
        if trial.origin not in ("successor", "retry") or trial.repeat or not trial.of.isdigit():
            return
        held = self._book.find(int(trial.of))
        if held is not None:
            before = study.facts[int(trial.of)]
            tags = self._tags(before, study, read_files(before))
            changed = {name: tags[name] for name in (NOTE_TAG, "followed_by") if name in tags}
            send_batch(self._client, held.run_id, tags=changed)

    def _tags(self, trial: TrialFacts, study: StudyRecord, files: TrialFiles) -> dict[str, str]:
        note = run_note(trial, study, files, self._links, self._parent)
        return run_tags(trial, study, files.report) | {NOTE_TAG: note}

    def _mark_of(self, trial: TrialFacts) -> str:
        """What its run says of what was sent to it; "" where it is not over for MLflow."""
        held = self._book.find(trial.number)
        if held is None:
            return ""
        ended = held.status == RUN_STATUS.get(trial.state)
        return self._marks.get((trial.number, held.run_id), held.mark if ended else "")


def _mark(trial: TrialFacts) -> str:
    """Names the end that was sent: an ended trial never changes, a stopped one may end again."""
    return f"{_VERSION} {trial.state} {milliseconds(trial.ended or 0.0)}"
