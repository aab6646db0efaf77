"""Where the files of a model lie that a person names by one of MLflow's URIs, and which they are.

MLflow resolves them itself, but against the one store that is set for the whole process
(`ModelsArtifactRepository._get_model_uri_infos`, MLflow 3.17, takes no other); a caller who names a
store means that one.

| URI | what |
| --- | --- |
| `models:/ID` | a logged model |
| `models:/NAME/VERSION`, `models:/NAME/latest` | a version of a registered model |
| `models:/NAME@ALIAS` | the version that has the alias now |
| `runs:/RUN/PATH` | files of a run, or the model of that name that it logged |
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

from orchestrator.tracking.talking import talking_to
from search_spaces.errors import UsageError

_MOST = 3  # a version names a run or a logged model, which names a place; no more steps
DIGEST_TAG = "orchestrator.sha256"
"""Of a logged model or a version: the SHA-256 of its graph, kept apart from the file itself."""
_LOGGED = re.compile(r"(?:models:/|.*/models/)(m-[0-9a-f]+)(?:/artifacts)?/?")


@dataclass(frozen=True)
class FoundModel:
    """A model as the store has it now.

    Args:
        name, version: of the registered model; "" and None for any other.
        uri: of this very version, whatever an alias says later.
        place: artifact URI of its folder.
        digest: SHA-256 of its graph; "" where the store does not say.
        run_id: of the run that made it; "" where it does not say.
    """

    name: str
    version: str | None
    uri: str
    place: str
    digest: str
    run_id: str


def model_place(client: MlflowClient, uri: str) -> str:
    """The artifact URI of the model's folder.

    Raises:
        UsageError: the URI is none of these.
        MlflowException: there is no such model, version, alias or run.
    """
    place = uri
    for _ in range(_MOST):
        scheme, _, name = place.partition(":/")
        if scheme not in ("models", "runs"):
            return place
        name = name.strip("/")
        place = _of_model(client, name, uri) if scheme == "models" else _of_run(client, name, uri)
    return place


def _of_model(client: MlflowClient, name: str, uri: str) -> str:
    if "@" in name:
        model, _, alias = name.rpartition("@")
        return _source(client.get_model_version_by_alias(model, alias).source)
    model, slash, version = name.rpartition("/")
    if not slash:
        return str(client.get_logged_model(name).artifact_location)
    if version == "latest":
        version = latest_version(client, model)
    if not version.isdecimal():
        rule = "A model is models:/NAME/VERSION, models:/NAME@ALIAS or models:/ID."
        raise UsageError(rule, got=uri)
    return _source(client.get_model_version(model, version).source)


def latest_version(client: MlflowClient, model: str) -> str:
    """The number of its newest version; "0", which there never is, where it has none."""
    quoted = model.replace("'", "")
    versions = client.search_model_versions(f"name = '{quoted}'")
    return str(max((int(version.version) for version in versions), default=0))


def _source(source: str | None) -> str:
    if not source:
        raise MlflowException("the version's files are not found")
    return source


def _of_run(client: MlflowClient, name: str, uri: str) -> str:
    """Of MLflow 3 on a model that a run logged lies outside of the run's own files."""
    run_id, slash, path = name.partition("/")
    if not slash:
        raise UsageError("A model of a run is runs:/RUN/PATH.", got=uri)
    run = client.get_run(run_id)
    outputs = run.outputs.model_outputs if run.outputs else []
    for output in outputs:
        logged = client.get_logged_model(output.model_id)
        if logged.name == path:
            return str(logged.artifact_location)
    return f"{run.info.artifact_uri.rstrip('/')}/{path}"


def find_model(uri: str, tracking_uri: str) -> FoundModel:
    """The model at a URI of MLflow's; costs two or three questions to the store, and no file.

    Raises:
        UsageError: there is no such model, version or alias.
        UnavailableError: the store is away.
    """
    with talking_to(tracking_uri, f"The model {uri}", named=True) as client:
        version = _version(client, uri)
        pinned = f"models:/{version.name}/{version.version}" if version else uri
        tags, run_id = _logged(client, str(version.source) if version else uri)
        tags |= dict(version.tags) if version else {}
        return FoundModel(
            name=str(version.name) if version else "",
            version=str(version.version) if version else None,
            uri=pinned,
            place=model_place(client, pinned),
            digest=tags.get(DIGEST_TAG, ""),
            run_id=run_id or str((version.run_id if version else "") or ""),
        )


def fetch_model(
    found: FoundModel, tracking_uri: str, into: Path, *, names: Sequence[str]
) -> tuple[str, ...]:
    """Bring those of `names` that it has into a folder; what else lies beside them is not asked.

    Returns:
        The paths of all files in its folders, for a message about what is missing.

    Raises:
        UnavailableError: the store or its files are away.
    """
    with talking_to(tracking_uri, f"The model {found.uri}", named=True):
        place = get_artifact_repository(found.place, tracking_uri=tracking_uri)
        folders = {str(Path(name).parent) for name in names} - {"."}
        there = [entry.path for entry in place.list_artifacts()]
        for folder in sorted(folders & set(there)):
            there += [entry.path for entry in place.list_artifacts(folder)]
        for name in names:
            if name in there:
                place.download_artifacts(name, str(into))
        return tuple(there)


def _version(client: MlflowClient, uri: str) -> ModelVersion | None:
    """The version that the URI means now; None where it means none."""
    scheme, _, rest = uri.partition(":/")
    rest = rest.strip("/")
    if scheme != "models":
        return None
    if "@" in rest:
        model, _, alias = rest.rpartition("@")
        return client.get_model_version_by_alias(model, alias)
    model, slash, version = rest.rpartition("/")
    if slash and version == "latest":
        version = latest_version(client, model)
    if slash and version.isdecimal():
        return client.get_model_version(model, version)
    return None


def _logged(client: MlflowClient, source: str) -> tuple[dict[str, str], str]:
    """The tags of the logged model that a source names, and its run; nothing for other sources."""
    named = _LOGGED.fullmatch(source)
    if named is None:
        return {}, ""
    try:
        logged = client.get_logged_model(named[1])
    except MlflowException:
        if source.startswith("models:/"):
            raise
        return {}, ""  # a folder that looks like one
    return dict(logged.tags), str(logged.source_run_id or "")
