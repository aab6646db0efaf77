"""Where an alias of a registered model points; only reads, so that a server may ask for ever."""

from __future__ import annotations

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError

_MISSING = "RESOURCE_DOES_NOT_EXIST"


def alias_version(name: str, alias: str, *, tracking_uri: str) -> str:
    """The version of registered model `name` that has `alias`.

    Raises:
        UsageError: there is no such model, or none of its versions has that alias.
        UnavailableError: the registry does not answer.
    """
    _knock(tracking_uri)
    client = MlflowClient(tracking_uri=tracking_uri, registry_uri=tracking_uri)
    try:
        with failing_fast():
            aliases = dict(client.get_registered_model(name).aliases)
    except MlflowException as error:
        if error.error_code == _MISSING:
            hint = "`orchestrator models` lists those that there are."
            raise UsageError("There is no such registered model.", got=name, hint=hint) from None
        # Its message may hold the store's address with the password.
        tried = [(masked(tracking_uri), f"{type(error).__name__}: {error.error_code}")]
        raise UnavailableError("The model registry", tried) from None
    if alias not in aliases:
        raise UnknownNameError(f"alias of {name}", alias, aliases)
    return str(aliases[alias])


def _knock(tracking_uri: str) -> None:
    """A store that is away says so in seconds; a file that is gone is not made anew."""
    path = sqlite_path(tracking_uri)
    away = why_away(tracking_uri)
    if path is not None and not path.is_file():
        away = "there is no such file"
    if away:
        raise UnavailableError("The model registry", [(masked(tracking_uri), away)])
