"""Where the files of a model lie that a person names by one of MLflow's URIs.

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

from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from search_spaces.errors import UsageError

_MOST = 3  # a version names a run or a logged model, which names a place; no more steps


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
        version = str(max((int(v.version) for v in _versions(client, model)), default=0))
    if not version.isdecimal():
        rule = "A model is models:/NAME/VERSION, models:/NAME@ALIAS or models:/ID."
        raise UsageError(rule, got=uri)
    return _source(client.get_model_version(model, version).source)


def _versions(client: MlflowClient, model: str) -> list:
    quoted = model.replace("'", "")
    return list(client.search_model_versions(f"name = '{quoted}'"))


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
