"""Puts a study's report among the artifacts of the study's own run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.runs import TRIAL_TAG, study_runs
from orchestrator.tracking.store import open_client

FOLDER = "report"


def send_report(
    files: Sequence[Path],
    folder: Path,
    tracking_uri: str,
    *,
    spec: StudySpec,
    run_id: str | None,
) -> str:
    """Send files of `folder`, each under its own path; what went wrong, in words, or "".

    Sent again they are written over: there is one report of a study, the newest.

    Args:
        run_id: of the study's own run; None where it is not known here: then it is looked for.
    """
    path = sqlite_path(tracking_uri)
    if path is not None and not path.exists():
        return f"there is no {path}"
    if away := why_away(tracking_uri):
        return away
    try:
        with failing_fast():
            client = open_client(tracking_uri)
            found = run_id or _find(client, spec)
            if not found:
                return f"the study has no run there yet: run `orchestrator sync {spec.name}` first"
            place = client.get_run(found).info.artifact_uri
            artifacts = get_artifact_repository(place, tracking_uri=tracking_uri)
            for file in files:
                inner = file.relative_to(folder).parent
                artifacts.log_artifact(str(file), (Path(FOLDER) / inner).as_posix())
    except Exception as error:  # whatever MLflow, a database or a server may raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return lines[0].replace(tracking_uri, masked(tracking_uri))[:300]
    return ""


def _find(client: MlflowClient, spec: StudySpec) -> str:
    experiment = client.get_experiment_by_name(spec.experiment)
    if experiment is None:
        return ""
    runs = study_runs(client, experiment.experiment_id, spec)
    own = (run for run in runs if TRIAL_TAG not in run.data.tags)
    return next((str(run.info.run_id) for run in own), "")
