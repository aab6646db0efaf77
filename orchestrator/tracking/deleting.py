"""Takes a study out of MLflow: its runs and its models, whatever state they are in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.models import delete_model, is_registered, study_models
from orchestrator.tracking.runs import TRIAL_TAG, study_runs
from orchestrator.tracking.store import open_client
from search_spaces.errors import UnavailableError


@dataclass(frozen=True)
class MLflowHoldings:
    """What MLflow holds of a study.

    Args:
        runs: the study's own and its trials'.
        models: logged models.
        registered: those of them that a registered model stands on; they are never deleted.
    """

    runs: int = 0
    models: int = 0
    registered: int = 0


def what_mlflow_holds(spec: StudySpec, tracking_uri: str) -> MLflowHoldings:
    """What `delete_from_mlflow` would find.

    Raises:
        UnavailableError: the store is away.
    """
    with _talking_to(tracking_uri) as told:
        client, experiment_id = _open(spec, tracking_uri)
        if client is None:
            return MLflowHoldings()
        told.append("counting")
        models = study_models(client, experiment_id, spec)
        return MLflowHoldings(
            runs=sum(1 for _ in study_runs(client, experiment_id, spec)),
            models=len(models),
            registered=sum(is_registered(client, model) for model in models),
        )


def delete_from_mlflow(spec: StudySpec, tracking_uri: str) -> MLflowHoldings:
    """Delete the study's models with their files, and its runs; what was deleted.

    A run that MLflow deletes can be restored until `mlflow gc` is run. The study's own run goes
    last: while it stands, something may be left. What a registered model stands on is left alone.

    Raises:
        UnavailableError: the store is away, or went away on the way; says what is deleted by
            then. The rest can be deleted again.
    """
    with _talking_to(tracking_uri) as told:
        client, experiment_id = _open(spec, tracking_uri)
        if client is None:
            return MLflowHoldings()
        models = study_models(client, experiment_id, spec)
        gone = 0
        for model in models:
            told[:] = [f"deleting model {gone + 1} of {len(models)}, and no run yet"]
            gone += delete_model(client, model, tracking_uri)
        runs = list(study_runs(client, experiment_id, spec))
        runs.sort(key=lambda run: TRIAL_TAG not in run.data.tags)
        for place, run in enumerate(runs, 1):
            told[:] = [f"deleting run {place} of {len(runs)}, after {gone} models"]
            client.delete_run(run.info.run_id)
    return MLflowHoldings(len(runs), gone, len(models) - gone)


def _open(spec: StudySpec, tracking_uri: str) -> tuple[MlflowClient | None, str]:
    """The client and the study's experiment; None where there is no such store or experiment."""
    path = sqlite_path(tracking_uri)
    if path is not None and not path.exists():
        return None, ""
    client = open_client(tracking_uri)
    experiment = client.get_experiment_by_name(spec.experiment)
    if experiment is None or experiment.lifecycle_stage != "active":
        return None, ""  # with an experiment MLflow deletes all its runs
    return client, str(experiment.experiment_id)


@contextmanager
def _talking_to(tracking_uri: str) -> Iterator[list[str]]:
    """Any error of the store as UnavailableError; the list says what was being done."""
    told = ["opening it"]
    place = f"MLflow's store {masked(tracking_uri)}"
    hint = "Start it and delete the study again; or leave its runs there."
    away = why_away(tracking_uri)
    if away:
        raise UnavailableError(place, [(told[0], away)], hint=hint)
    try:
        with failing_fast():
            yield told
    except UnavailableError:
        raise
    except Exception as error:  # whatever MLflow, a database or a server may raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[0].replace(tracking_uri, masked(tracking_uri))[:300]
        raise UnavailableError(place, [(told[0], reason)], hint=hint) from None
