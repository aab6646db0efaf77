"""Opens MLflow's tracking store, and finds or makes the experiment of a study."""

from __future__ import annotations

import hashlib
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from orchestrator.study.uris import sqlite_path
from orchestrator.tracking.schema import make_schema
from search_spaces.errors import UsageError

# Without it MLflow's pages take an experiment for one about language models.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}


def open_client(tracking_uri: str) -> MlflowClient:
    """A client of the store at `tracking_uri`, its tables made if they are missing.

    Raises:
        as `make_schema`.
    """
    if not tracking_uri.startswith(("http://", "https://")):
        make_schema(tracking_uri)
    return MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)


def find_experiment(
    client: MlflowClient, tracking_uri: str, name: str, *, restore: bool = False
) -> str:
    """The id of the experiment called `name`, made if there is none.

    Args:
        restore: bring it back if it was deleted, with all its runs: MLflow keeps the name of a
            deleted experiment taken, so that no new one can have it.

    Raises:
        UsageError: it was deleted in MLflow.
    """
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            place = _artifact_location(tracking_uri, name)
            return str(client.create_experiment(name, place, _EXPERIMENT_TAGS))
        except MlflowException:
            experiment = client.get_experiment_by_name(name)  # another search was faster
            if experiment is None:
                raise
    if experiment.lifecycle_stage != "active":
        if not restore:
            hint = "`orchestrator sync` restores it; or name another --experiment."
            raise UsageError("The MLflow experiment must not be deleted.", got=name, hint=hint)
        client.restore_experiment(experiment.experiment_id)
    return str(experiment.experiment_id)


def _artifact_location(tracking_uri: str, name: str) -> str | None:
    """`mlruns/<name>` beside a sqlite file, as absolute URI; elsewhere the server decides.

    MLflow's own default is `./mlruns` of whichever process comes first, which is the working
    folder for us too, unless the database lies elsewhere: then its artifacts lie beside it.
    """
    path = sqlite_path(tracking_uri)
    if path is None:
        return None if tracking_uri.startswith("http") else (Path.cwd() / "mlruns").as_uri()
    readable = "".join(c if c.isalnum() or c in "._-" else "_" for c in name)[:60]
    if readable != name:
        readable += "-" + hashlib.sha256(name.encode()).hexdigest()[:8]
    return (path.absolute().parent / "mlruns" / readable).as_uri()
