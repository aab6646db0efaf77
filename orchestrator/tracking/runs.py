"""Runs of one study in MLflow: found by their tags, else made.

MLflow takes no run id from outside, so the tags are what makes sending idempotent.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from orchestrator.study.command import made_by
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.batches import fitting, milliseconds

STUDY_TAG = "orchestrator.study"
TRIAL_TAG = "orchestrator.trial"
BORN_TAG = "orchestrator.created"
SENT_TAG = "orchestrator.sent"
PARENT_TAG = "mlflow.parentRunId"


@dataclass(frozen=True)
class HeldRun:
    """A run as it was when it was found or made.

    Args:
        number: of the trial; None for the study's own.
        mark: what it says of what was sent to it in full; "" for nothing.
        is_new: made by this process, and nothing was sent to it yet.
    """

    number: int | None
    run_id: str
    artifact_uri: str
    status: str = "RUNNING"
    mark: str = ""
    is_new: bool = False


class RunBook:
    """Finds and makes the runs of one study.

    Two studies of one name (in two databases) may share a tracking server, so a run is also
    known by the moment its study was created.

    Args:
        client: of the tracking store.
        experiment_id: where the runs are.
        spec: of the study.
    """

    def __init__(self, client: MlflowClient, experiment_id: str, spec: StudySpec) -> None:
        self._client, self._experiment_id, self._spec = client, experiment_id, spec
        self._known: dict[int | None, HeldRun] = {}
        self.run_ids: dict[int, str] = {}
        """Run id of each trial that has one, by number; kept up to date."""
        self.is_shared = False
        """Whether others may make runs of this study, so that each is looked for before it is
        made. One look costs about as much as making one."""
        self.refresh()

    def refresh(self) -> None:
        """Look for all runs; where a trial has two, one of them is deleted."""
        for run in study_runs(self._client, self._experiment_id, self._spec):
            self._keep(run)

    def find(self, number: int | None) -> HeldRun | None:
        """The run of that trial, None where none is known; for None, the study's own."""
        return self._known.get(number)

    def look(self, number: int | None) -> bool:
        """Whether that trial has a run; MLflow is asked if others may have made it since."""
        if number not in self._known and self.is_shared:
            for run in study_runs(self._client, self._experiment_id, self._spec, number):
                self._keep(run)
        return number in self._known

    def run(
        self,
        number: int | None,
        *,
        name: str,
        started: float,
        parent: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> HeldRun:
        """The run of a trial, or for None the study's own; the rest is for a new one.

        Args:
            started: Unix seconds.
            parent: run id of the study's own.
            tags: what is known of it already.
        """
        if not self.look(number):
            all_tags = {**(tags or {}), **self._identity(number, parent)}
            made = self._client.create_run(
                self._experiment_id,
                start_time=milliseconds(started),
                tags=fitting(all_tags),
                run_name=name,
            )
            self._put(HeldRun(number, made.info.run_id, made.info.artifact_uri, is_new=True))
        return self._known[number]

    def begin(self, number: int | None) -> HeldRun:
        """The run of that trial, to be sent to; from now on it is not new any more."""
        held = self._known[number]
        self._known[number] = replace(held, is_new=False)
        return held

    def forget(self, number: int | None) -> None:
        """Look for it anew the next time: a call that failed may have been carried out."""
        self._known.pop(number, None)
        self.is_shared = True

    def _keep(self, run: Run) -> None:
        """Of two runs of one trial (two drivers made them at once) the smaller id stays."""
        held = _held(run)
        other = self._known.get(held.number)
        if other is None or other.run_id == held.run_id:
            self._put(held)
            return
        first, second = sorted((held, other), key=lambda one: one.run_id)
        self._put(first)
        with contextlib.suppress(MlflowException):  # somebody else was faster
            self._client.delete_run(second.run_id)

    def _put(self, held: HeldRun) -> None:
        self._known[held.number] = held
        if held.number is not None:
            self.run_ids[held.number] = held.run_id

    def _identity(self, number: int | None, parent: str | None) -> dict[str, str]:
        tags = {
            STUDY_TAG: self._spec.name,
            BORN_TAG: repr(self._spec.created),
            "mlflow.user": _user(),
            "mlflow.source.name": made_by(self._spec),
            "mlflow.source.type": "LOCAL",
        }
        more = {
            TRIAL_TAG: None if number is None else f"{self._spec.name}/{number}",
            PARENT_TAG: parent,
            "mlflow.source.git.commit": self._spec.git_commit,
        }
        return tags | {name: value for name, value in more.items() if value}


def study_runs(
    client: MlflowClient, experiment_id: str, spec: StudySpec, number: int | None = None
) -> Iterator[Run]:
    """Runs of the study that nobody deleted, its own among them; or those of one trial."""
    wanted = f"tags.`{STUDY_TAG}` = '{spec.name}' AND tags.`{BORN_TAG}` = '{spec.created!r}'"
    if number is not None:
        wanted += f" AND tags.`{TRIAL_TAG}` = '{spec.name}/{number}'"
    token = None
    while True:
        page = client.search_runs([experiment_id], wanted, max_results=1000, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _held(run: Run) -> HeldRun:
    tags, info = run.data.tags, run.info
    trial = tags.get(TRIAL_TAG, "").rpartition("/")[2]
    return HeldRun(
        number=int(trial) if trial.isdigit() else None,
        run_id=info.run_id,
        artifact_uri=info.artifact_uri,
        status=info.status,
        mark=tags.get(SENT_TAG, ""),
    )


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
