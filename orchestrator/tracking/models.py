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
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.spec import StudySpec
from orchestrator.tracking.records import StudyRecord, TrialRecord
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
    """

    def __init__(self, client: MlflowClient, experiment_id: str, spec: StudySpec) -> None:
        self._client, self._experiment_id, self._spec = client, experiment_id, spec

    def keep(
        self, study: StudyRecord, run_ids: Mapping[int, str], *, deadline: float | None = None
    ) -> KeptModels:
        """Make MLflow hold exactly the models of the best trials; best first."""
        outcome = KeptModels()
        best = [t for t in study.ranked[: self._spec.keep_models] if self._has_model(t)]
        wanted = {f"{self._spec.name}/{trial.number}": trial for trial in best}
        held: set[str] = set()
        for model in self._ours():
            key = model.tags.get(TRIAL_TAG, "")
            if key in wanted and key not in held and str(model.status) == "READY":
                held.add(key)
            else:
                self._delete(model)
        for key, trial in wanted.items():
            if key in held:
                continue
            if deadline is not None and time.monotonic() >= deadline:
                outcome.left.append(f"the model of trial {trial.number}")
                continue
            try:
                self._log(trial, run_ids[trial.number])
            except Exception as error:
                outcome.left.append(f"the model of trial {trial.number}")
                lines = str(error).strip().splitlines() or [type(error).__name__]
                outcome.notes.append(f"model of trial {trial.number}: {lines[0][:200]}")
        return outcome

    def _has_model(self, trial: TrialRecord) -> bool:
        """Whether this project knows how to put the trial's model together."""
        ours = self._spec.trainable == _OUR_TRAINABLE
        return ours and trial.folder is not None and (trial.folder / "head.safetensors").is_file()

    def _ours(self) -> list[LoggedModel]:
        wanted = (
            f"tags.`{STUDY_TAG}` = '{self._spec.name}' "
            f"AND tags.`{BORN_TAG}` = '{self._spec.created!r}'"
        )
        found: list[LoggedModel] = []
        token = None
        while True:
            page = self._client.search_logged_models(
                [self._experiment_id], filter_string=wanted, page_token=token
            )
            found += page
            token = page.token
            if not token:
                return found

    def _log(self, trial: TrialRecord, run_id: str) -> None:
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
            self._delete(model)
            raise
        self._client.log_outputs(run_id, [LoggedModelOutput(model.model_id, step=0)])
        self._client.log_batch(run_id, metrics=self._metrics(trial, run_id, model.model_id))
        self._client.finalize_logged_model(model.model_id, "READY")

    def _metrics(self, trial: TrialRecord, run_id: str, model_id: str) -> list[Metric]:
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

    def _delete(self, model: LoggedModel) -> None:
        """Delete it with its files, unless a registered model stands on it."""
        versions = self._client.search_model_versions(f"run_id = '{model.source_run_id}'")
        if any(version.model_id == model.model_id for version in versions):
            return
        # There may never have been any, and not every kind of store can delete.
        with contextlib.suppress(OSError, NotImplementedError):
            get_artifact_repository(model.artifact_location).delete_artifacts()
        self._client.delete_logged_model(model.model_id)


def _model_name(trial: TrialRecord) -> str:
    """`vgg16, trial 3`: MLflow bars `/ : . % " '` in a model's name, and labels have dots."""
    backbone = str(trial.config.get("backbone") or "model")
    name = "".join("_" if sign in "/:.%\"'" else sign for sign in backbone)
    return f"{name}, trial {trial.number}"
