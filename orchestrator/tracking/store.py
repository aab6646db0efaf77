"""Opens MLflow's tracking store: the schema is made once, the experiment found or made."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from filelock import FileLock
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from orchestrator.study.uris import masked, sqlite_path
from search_spaces.errors import OrchestratorError, UsageError
from trainables.home import home_folder

# Without it MLflow's pages take an experiment for one about language models.
_EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
_LOCK_SECONDS = 120.0  # making the schema takes 2 to 7 s; a busy machine may need more


def open_client(tracking_uri: str) -> MlflowClient:
    """A client of the store at `tracking_uri`, its schema made if it is missing.

    Eight processes that made MLflow's schema at once broke seven of them and the database for
    good (facts.md), so a lock lets one in at a time; the others find it made.

    Raises:
        filelock.Timeout: another process has been making it for two minutes.
        MlflowException: the store cannot be used.
    """
    path = sqlite_path(tracking_uri)
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    if tracking_uri.startswith(("http://", "https://")):
        return client
    with FileLock(_lock_path(tracking_uri), timeout=_LOCK_SECONDS):
        client.search_experiments(max_results=1)  # the first call makes the schema
    return client


def find_experiment(client: MlflowClient, tracking_uri: str, name: str) -> str:
    """The id of the experiment called `name`, made if there is none.

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
        hint = "Restore it there (`mlflow experiments restore`), or name another --experiment."
        raise UsageError("The MLflow experiment must not be deleted.", got=name, hint=hint)
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


def _lock_path(tracking_uri: str) -> Path:
    """A lock file outside the person's folder; under the temporary one if home is read-only."""
    name = hashlib.sha256(masked(tracking_uri).encode()).hexdigest()[:16]
    try:
        return home_folder("locks") / f"mlflow-{name}.lock"
    except OrchestratorError:
        return Path(tempfile.gettempdir()) / f"orchestrator-mlflow-{name}.lock"
