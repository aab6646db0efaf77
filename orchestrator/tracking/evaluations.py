"""What an evaluation wants of MLflow: a run's files, a model to load, and a place for its result.

Shapes: N images, H W C an image, K classes.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
import mlflow.pyfunc
import numpy as np
from mlflow import MlflowClient
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.study.spec import StudySpec
from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.model_places import model_place
from orchestrator.tracking.runs import BORN_TAG, STUDY_TAG, TRIAL_TAG, study_runs
from orchestrator.tracking.store import open_client
from search_spaces.errors import OrchestratorError, TrialFailed, UnavailableError, UsageError

_FILES = (
    *("config.json", "history.json", "report.json", "predictions.parquet", "steps.parquet"),
    "weights.safetensors",
)
_NO_PICKLE = "MLFLOW_ALLOW_PICKLE_DESERIALIZATION"


@dataclass(frozen=True)
class RunFacts:
    """What the tags of a run say: its study, the moment that was made, and the trial's number."""

    study: str = ""
    created: str = ""
    trial: int | None = None
    label: str = ""


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model of MLflow's.

    Args:
        classify: uint8 [N, H, W, 3] to logits [N, K].
        classes: by label; empty where the model does not say.
        run_id: of the run that made it; "" where it does not say.
    """

    classify: Callable[[np.ndarray], np.ndarray]
    classes: tuple[str, ...]
    run_id: str


def read_run(run_id: str, tracking_uri: str) -> RunFacts:
    """The run's tags; empty facts of a run that is none of ours.

    Raises:
        UnavailableError: the store is away, or has no such run.
    """
    with _talking_to(tracking_uri, f"The MLflow run {run_id}"):
        run = MlflowClient(tracking_uri=tracking_uri).get_run(run_id)
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
    """
    with _talking_to(tracking_uri, f"The files of the MLflow run {run_id}"):
        run = MlflowClient(tracking_uri=tracking_uri).get_run(run_id)
        place = get_artifact_repository(run.info.artifact_uri, tracking_uri=tracking_uri)
        there = {entry.path for entry in place.list_artifacts()}
        for name in names:
            if name in there:
                place.download_artifacts(name, str(into))


def load_model(uri: str, tracking_uri: str) -> LoadedModel:
    """The model at a URI of MLflow's; nothing in it is unpickled.

    Raises:
        UnavailableError: the store is away, or there is no such model, or it wants unpickling.
    """
    with (
        _talking_to(tracking_uri, f"The model {uri}"),
        _without_pickle(),
        tempfile.TemporaryDirectory() as folder,
    ):
        place = model_place(open_client(tracking_uri), uri)
        artifacts = get_artifact_repository(place, tracking_uri=tracking_uri)
        model = mlflow.pyfunc.load_model(artifacts.download_artifacts("", folder))
    metadata = model.metadata.metadata or {}

    def classify(images_NHWC: np.ndarray) -> np.ndarray:
        try:
            # A copy: torch complains of arrays that it may not write to.
            return np.asarray(model.predict(np.array(images_NHWC)), dtype=np.float32)
        except Exception as error:  # whatever somebody's model may raise
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise TrialFailed(f"The model {uri} takes no uint8 images: {lines[0][:200]}") from None

    return LoadedModel(
        classify=classify,
        classes=tuple(str(name) for name in metadata.get("classes", ())),
        run_id=str(model.metadata.run_id or ""),
    )


def send_files(
    files: Sequence[Path],
    tracking_uri: str,
    place: str,
    *,
    run_id: str | None,
    spec: StudySpec,
    trial: int,
) -> str:
    """Put files among the artifacts of a trial's run; what went wrong, in words, or "".

    Args:
        place: folder among the artifacts.
        run_id: None where it is not known here: then it is looked for.
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
    except Exception as error:  # whatever MLflow, a database or a server may raise
        return _in_words(error, tracking_uri)
    return ""


def _find(client: MlflowClient, spec: StudySpec, trial: int) -> str:
    experiment = client.get_experiment_by_name(spec.experiment)
    if experiment is None:
        return ""
    runs = study_runs(client, experiment.experiment_id, spec, trial)
    return next((str(run.info.run_id) for run in runs), "")


@contextlib.contextmanager
def _talking_to(tracking_uri: str, what: str) -> Iterator[None]:
    """Any error of the store as one in words; a store that is not there is not made."""
    where = f"in {masked(tracking_uri)}"
    hint = "Name the store with --tracking-uri or MLFLOW_TRACKING_URI."
    path = sqlite_path(tracking_uri)
    away = why_away(tracking_uri)
    if path is not None and not path.exists():
        away = "there is no such file"
    if away:
        raise UnavailableError(what, [(where, away)], hint=hint)
    try:
        with failing_fast():
            yield
    except OrchestratorError:
        raise
    except Exception as error:  # whatever MLflow, a database, a server or a model may raise
        if "does not exist" in str(error) or "not found" in str(error):
            raise UsageError(f"{what} is not {where}.", hint=hint) from None
        raise UnavailableError(what, [(where, _in_words(error, tracking_uri))]) from None


@contextlib.contextmanager
def _without_pickle() -> Iterator[None]:
    """A pickle runs what it likes; our own models (pt2) need none."""
    before = os.environ.get(_NO_PICKLE)
    os.environ[_NO_PICKLE] = "false"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_NO_PICKLE]
        else:
            os.environ[_NO_PICKLE] = before


def _in_words(error: Exception, uri: str) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace(uri, masked(uri))[:300]
