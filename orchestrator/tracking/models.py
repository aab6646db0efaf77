"""Whole models in MLflow, for the best trials of a study only, so that they don't fill a disk."""

from __future__ import annotations

import contextlib
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mlflow import MlflowClient
from mlflow.entities import LoggedModel, LoggedModelOutput, Metric
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.facts import TrialFacts
from orchestrator.study.pareto import feasible
from orchestrator.study.spec import StudySpec
from orchestrator.tracking.records import StudyRecord, folder_of
from orchestrator.tracking.runs import BORN_TAG, STUDY_TAG, TRIAL_TAG

_OUR_TRAINABLE = "trainables.trial:train"


@dataclass
class KeptModels:
    """What could not be done: `left` names the models, `notes` says why."""

    left: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class ModelKeeper:
    """Logs the models of the best `keep_models` trials, and deletes those that fell out.

    Args:
        client, experiment_id, spec: of the study.
        tracking_uri: that of the client.
    """

    def __init__(
        self, client: MlflowClient, experiment_id: str, spec: StudySpec, tracking_uri: str
    ) -> None:
        self._client, self._experiment_id, self._spec = client, experiment_id, spec
        self._uri = tracking_uri

    def keep(
        self, study: StudyRecord, run_ids: Mapping[int, str], *, deadline: float | None = None
    ) -> KeptModels:
        """Make MLflow hold exactly the models of the best trials; best first."""
        outcome = KeptModels()
        if not self._spec.keep_models or not self._spec.has_images:
            return outcome  # there never was one
        ranked = [trial for trial in study.ranked if feasible(trial, study.spec)]
        best = {trial.number: trial for trial in ranked[: self._spec.keep_models]}
        held = self._clear(best, run_ids)
        for number, trial in best.items():
            if number in held or not self._has_model(trial):
                continue
            if deadline is not None and time.monotonic() >= deadline:
                outcome.left.append(f"the model of trial {number}")
                continue
            try:
                self._log(trial, run_ids[number])
            except Exception as error:
                outcome.left.append(f"the model of trial {number}")
                lines = str(error).strip().splitlines() or [type(error).__name__]
                outcome.notes.append(f"model of trial {number}: {lines[0][:200]}")
        return outcome

    def _clear(self, best: Mapping[int, TrialFacts], run_ids: Mapping[int, str]) -> set[int]:
        """Delete the models of other trials, those that are not whole, and those whose run is
        gone; the numbers of the trials whose model stays."""
        held: set[int] = set()
        for model in study_models(self._client, self._experiment_id, self._spec):
            number = int(model.tags.get(TRIAL_TAG, "").rpartition("/")[2] or -1)
            whole = str(model.status) == "READY" and model.source_run_id == run_ids.get(number)
            if number in best and number not in held and whole:
                held.add(number)
            else:
                delete_model(self._client, model, self._uri)
        return held

    def _has_model(self, trial: TrialFacts) -> bool:
        """Whether this project knows how to put the trial's model together."""
        folder = folder_of(trial)
        ours = self._spec.trainable == _OUR_TRAINABLE
        return ours and folder is not None and (folder / "weights.safetensors").is_file()

    def _log(self, trial: TrialFacts, run_id: str) -> None:
        """READY is set last: a model that is not READY is deleted by the next pass."""
        from orchestrator.tracking.packing import pack_model

        tags = {
            STUDY_TAG: self._spec.name,
            BORN_TAG: repr(self._spec.created),
            TRIAL_TAG: f"{self._spec.name}/{trial.number}",
            "label": trial.label,
        }
        params = {name: str(value) for name, value in trial.params.items()}
        model = self._client.create_logged_model(
            self._experiment_id,
            name=_model_name(trial),
            source_run_id=run_id,
            tags=tags,
            params=params,
            model_type="image classifier",
        )
        try:
            with tempfile.TemporaryDirectory() as folder:
                packed = pack_model(trial, Path(folder) / "model", model, run_id)
                self._client.log_model_artifacts(model.model_id, str(packed))
        except Exception:
            delete_model(self._client, model, self._uri)
            raise
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        self._client.log_batch(run_id, metrics=self._metrics(trial, run_id, model.model_id))
        self._client.finalize_logged_model(model.model_id, "READY")

    def _metrics(self, trial: TrialFacts, run_id: str, model_id: str) -> list[Metric]:
        """The run's own newest metrics again, tied to the model: the same rows, so none doubles."""
        newest = self._client.get_run(run_id).data
        wanted = set(trial.metrics) & set(newest.metrics)
        rows = []
        for name in sorted(wanted):
            history = self._client.get_metric_history(run_id, name)
            last = max(history, key=lambda row: (row.step, row.timestamp))
            rows.append(
                Metric(
                    name, last.value, last.timestamp, last.step, model_id=model_id, run_id=run_id
                )
            )
        return rows


def study_models(client: MlflowClient, experiment_id: str, spec: StudySpec) -> list[LoggedModel]:
    """All logged models of the study that nobody deleted."""
    wanted = f"tags.`{STUDY_TAG}` = '{spec.name}' AND tags.`{BORN_TAG}` = '{spec.created!r}'"
    found: list[LoggedModel] = []
    token = None
    while True:
        page = client.search_logged_models([experiment_id], wanted, page_token=token)
        found += page
        token = page.token
        if not token:
            return found


def is_registered(client: MlflowClient, model: LoggedModel) -> bool:
    """Whether a version of a registered model stands on it.

    A version does not name its logged model but for its source (MLflow 3.17: `model_id` of a
    version is None in every store of its own).
    """
    places = (f"models:/{model.model_id}", model.artifact_location)
    wanted = [f"source_path = '{place}'" for place in places]
    wanted += [f"run_id = '{model.source_run_id}'"] if model.source_run_id else []
    versions = [version for each in wanted for version in client.search_model_versions(each)]
    return any(
        model.model_id in (version.source or "") or str(version.source).startswith("runs:/")
        for version in versions
    )


def delete_model(client: MlflowClient, model: LoggedModel, tracking_uri: str) -> bool:
    """Delete it with its files; False where a registered model stands on it, and it stays."""
    if is_registered(client, model):
        return False
    # There may never have been any, and not every kind of store can delete.
    with contextlib.suppress(OSError, NotImplementedError, MlflowException):
        place = get_artifact_repository(model.artifact_location, tracking_uri=tracking_uri)
        place.delete_artifacts()
    client.delete_logged_model(model.model_id)
    return True


def _model_name(trial: TrialFacts) -> str:
    """`vgg16, trial 3`: MLflow bars `/ : . % " '` in a model's name, and labels have dots."""
    backbone = str(trial.config.get("backbone") or "model")
    name = "".join("_" if sign in "/:.%\"'" else sign for sign in backbone)
    return f"{name}, trial {trial.number}"
