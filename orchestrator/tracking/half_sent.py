"""What a run that is not complete holds already, so that no step is ever sent twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mlflow import MlflowClient
from mlflow.entities import Metric

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.batches import allowed_name, fitting, send_batch
from orchestrator.tracking.dataset import dataset_inputs
from orchestrator.tracking.runs import HeldRun


class HalfSentRun:
    """A run under way, and what is in it. MLflow is asked once, and only for one found there.

    MLflow itself takes a metric's row for one that it has only if the time stamp agrees, too.

    Args:
        client: of the tracking store.
        run: as `RunBook.begin` gives it.
        tags: that a new one was made with.
    """

    def __init__(self, client: MlflowClient, run: HeldRun, tags: Mapping[str, str]) -> None:
        self._client, self.run_id, self.artifact_uri = client, run.run_id, run.artifact_uri
        self._status = run.status
        self._tags = fitting(tags) if run.is_new else {}
        self._params: set[str] = set()
        self._steps: set[tuple[str, int]] = set()
        self._has_inputs = False
        if not run.is_new:
            self.look()

    def look(self) -> None:
        """Ask MLflow what is in it."""
        held = self._client.get_run(self.run_id)
        self._status = held.info.status
        self._tags, self._params = dict(held.data.tags), set(held.data.params)
        self._has_inputs = bool(held.inputs and held.inputs.dataset_inputs)
        for name in held.data.metrics:
            history = self._client.get_metric_history(self.run_id, name)
            self._steps |= {(name, row.step) for row in history}

    def send_inputs(self, spec: StudySpec) -> None:
        """The data, for a search over images."""
        if spec.has_images and not self._has_inputs:
            self._client.log_inputs(self.run_id, dataset_inputs(spec))
        self._has_inputs = True

    def send(
        self, params: Mapping[str, str], metrics: Sequence[Metric], tags: Mapping[str, str]
    ) -> None:
        """What is not there yet, in one call; none where that is nothing.

        Args:
            tags: an empty one is taken away.
        """
        rows = [row for row in metrics if (row.key, row.step) not in self._steps]
        further = {k: v for k, v in params.items() if allowed_name(k) not in self._params}
        wanted = fitting(tags)
        changed = {key: value for key, value in wanted.items() if self._tags.get(key) != value}
        for key in [key for key in tags if key not in wanted and self._tags.get(key)]:
            self._client.delete_tag(self.run_id, key)
            del self._tags[key]
        send_batch(self._client, self.run_id, params=further, metrics=rows, tags=changed)
        self._tags |= changed
        self._params |= {allowed_name(name) for name in further}
        self._steps |= {(row.key, row.step) for row in rows}

    def go_on(self) -> None:
        """RUNNING, for a trial that was stopped before."""
        if self._status != "RUNNING":
            self._client.update_run(self.run_id, status="RUNNING")
            self._status = "RUNNING"

    def end(self, status: str, ended: int) -> None:
        """Its final status; `ended` in milliseconds since 1970."""
        self._client.set_terminated(self.run_id, status, ended)
        self._status = status
