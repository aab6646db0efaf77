"""What an evaluation wants of MLflow: a run's files, and a place for its result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.ladder_metrics import send_ladders
from orchestrator.tracking.runs import BORN_TAG, STUDY_TAG, TRIAL_TAG, study_runs
from orchestrator.tracking.store import open_client
from orchestrator.tracking.talking import in_words, talking_to

_FILES = (
    *("config.json", "history.json", "report.json", "predictions.parquet", "steps.parquet"),
    "weights.safetensors",
)


@dataclass(frozen=True)
class RunFacts:
    """What the tags of a run say: its study, the moment that was made, and the trial's number."""

    study: str = ""
    created: str = ""
    trial: int | None = None
    label: str = ""


def read_run(run_id: str, tracking_uri: str) -> RunFacts:
    """The run's tags; empty facts of a run that is none of ours.

    Raises:
        UnavailableError: the store is away.
        UsageError: it has no such run.
    """
    with talking_to(tracking_uri, f"The MLflow run {run_id}", named=True) as client:
        run = client.get_run(run_id)
    tags = run.data.tags
    number = tags.get(TRIAL_TAG, "").rpartition("/")[2]
    return RunFacts(
        study=tags.get(STUDY_TAG, ""),
        created=tags.get(BORN_TAG, ""),
        trial=int(number) if number.isdecimal() else None,
        label=str(run.info.run_name or ""),
    )


def fetch_files(
    run_id: str, tracking_uri: str, into: Path, *, names: Sequence[str] = _FILES
) -> None:
    """Those of `names` that lie at the top of the run's artifacts, into a folder.

    Raises:
        UnavailableError: the store is away.
        UsageError: it has no such run.
    """
    with talking_to(tracking_uri, f"The files of the MLflow run {run_id}", named=True) as client:
        run = client.get_run(run_id)
        place = get_artifact_repository(run.info.artifact_uri, tracking_uri=tracking_uri)
        there = {entry.path for entry in place.list_artifacts()}
        for name in names:
            if name in there:
                place.download_artifacts(name, str(into))


def send_files(
    files: Sequence[Path],
    tracking_uri: str,
    place: str,
    *,
    run_id: str | None,
    spec: StudySpec,
    trial: int,
    tags: Mapping[str, str] | None = None,
    ladders: Path | None = None,
) -> str:
    """Put files among the artifacts of a trial's run; what went wrong, in words, or "".

    Args:
        place: folder among the artifacts.
        run_id: None where it is not known here: then it is looked for.
        tags: set on the run, too.
        ladders: the trial's folder, whose ladders become metrics of the run.
    """
    away = why_away(tracking_uri)
    path = sqlite_path(tracking_uri)
    if away or (path is not None and not path.exists()):
        return away or f"there is no {path}"
    try:
        with failing_fast():
            client = open_client(tracking_uri)
            found = run_id or _find(client, spec, trial)
            if not found:
                return f"the trial has no run there yet: run `orchestrator sync {spec.name}` first"
            run = client.get_run(found)
            artifacts = get_artifact_repository(run.info.artifact_uri, tracking_uri=tracking_uri)
            for file in files:
                artifacts.log_artifact(str(file), place)
            for name, text in (tags or {}).items():
                client.set_tag(found, name, text)
            send_ladders(client, found, ladders)
    except Exception as error:  # whatever MLflow, a database or a server may raise
        return in_words(error, tracking_uri)
    return ""


def _find(client: MlflowClient, spec: StudySpec, trial: int) -> str:
    experiment = client.get_experiment_by_name(spec.experiment)
    if experiment is None:
        return ""
    runs = study_runs(client, experiment.experiment_id, spec, trial)
    return next((str(run.info.run_id) for run in runs), "")
