"""Runs of one study in MLflow: found by their tags, else made; and sent to within its limits.

MLflow takes no run id from outside, so the tags are what makes sending idempotent.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Mapping

from mlflow import MlflowClient
from mlflow.entities import Metric, Param, Run, RunTag

from orchestrator.study.spec import StudySpec

STUDY_TAG = "orchestrator.study"
TRIAL_TAG = "orchestrator.trial"
BORN_TAG = "orchestrator.created"
SENT_TAG = "orchestrator.sent"
PARENT_TAG = "mlflow.parentRunId"

_METRICS, _PARAMS, _TAGS = 1000, 100, 100  # the most that one call of log_batch may hold
_PARAM_LETTERS, _TAG_LETTERS = 6000, 8000


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
        self._born = repr(spec.created)
        self._known: dict[str, Run] = {}
        for run in self._search(f"tags.`{STUDY_TAG}` = '{spec.name}'"):
            self._keep_oldest(run)

    def run(self, key: str, *, name: str, started: float, parent: str | None = None) -> Run:
        """The run of `key`: `""` for the study's own, `<study>/<number>` for a trial's.

        Args:
            name: for a new run.
            started: Unix seconds, for a new run.
            parent: run id of the parent, for a new run.
        """
        if key not in self._known:
            # Another driver of this study may have made it since the first look.
            for run in self._search(self._filter(key)):
                self._keep_oldest(run)
        if key not in self._known:
            self._known[key] = self._create(key, name=name, started=started, parent=parent)
        return self._known[key]

    def held(self, key: str) -> Run | None:
        """The run of `key` as it was when it was found or made, None where it was not."""
        return self._known.get(key)

    def _filter(self, key: str) -> str:
        trial = f" AND tags.`{TRIAL_TAG}` = '{key}'" if key else ""
        return f"tags.`{STUDY_TAG}` = '{self._spec.name}'{trial}"

    def _search(self, wanted: str) -> list[Run]:
        found: list[Run] = []
        token = None
        while True:
            page = self._client.search_runs(
                [self._experiment_id],
                f"{wanted} AND tags.`{BORN_TAG}` = '{self._born}'",
                max_results=1000,
                page_token=token,
            )
            found += page
            token = page.token
            if not token:
                return found

    def _keep_oldest(self, run: Run) -> None:
        """Of two runs of one trial (two drivers made them at once) the smaller id stays."""
        key = run.data.tags.get(TRIAL_TAG, "")
        held = self._known.get(key)
        if held is None or held.info.run_id == run.info.run_id:
            self._known[key] = run
            return
        first, second = sorted((held, run), key=lambda one: one.info.run_id)
        self._known[key] = first
        self._client.delete_run(second.info.run_id)

    def _create(self, key: str, *, name: str, started: float, parent: str | None) -> Run:
        tags = {
            STUDY_TAG: self._spec.name,
            BORN_TAG: self._born,
            "mlflow.user": _user(),
            "mlflow.source.name": f"orchestrator search {self._spec.space}",
            "mlflow.source.type": "LOCAL",
        }
        if key:
            tags[TRIAL_TAG] = key
        if parent:
            tags[PARENT_TAG] = parent
        if self._spec.git_commit:
            tags["mlflow.source.git.commit"] = self._spec.git_commit
        return self._client.create_run(
            self._experiment_id, start_time=milliseconds(started), tags=tags, run_name=name
        )


def send_metrics(client: MlflowClient, run_id: str, metrics: Iterable[Metric]) -> None:
    """All of `metrics`; one that MLflow has already, time stamp included, changes nothing."""
    rows = list(metrics)
    for begin in range(0, len(rows), _METRICS):
        client.log_batch(run_id, metrics=rows[begin : begin + _METRICS])


def send_params(client: MlflowClient, run_id: str, params: Mapping[str, str]) -> None:
    """All of `params`, cut to what MLflow holds."""
    rows = [Param(key, value[:_PARAM_LETTERS]) for key, value in params.items()]
    for begin in range(0, len(rows), _PARAMS):
        client.log_batch(run_id, params=rows[begin : begin + _PARAMS])


def send_tags(client: MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """All of `tags` that are not empty, cut to what MLflow holds."""
    rows = [RunTag(key, value[:_TAG_LETTERS]) for key, value in tags.items() if value]
    for begin in range(0, len(rows), _TAGS):
        client.log_batch(run_id, tags=rows[begin : begin + _TAGS])


def milliseconds(seconds: float) -> int:
    """Unix seconds in MLflow's unit."""
    return round(1000 * seconds)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"
