"""A talk with MLflow's store: it fails fast, and whatever it raises becomes an error in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import orchestrator.tracking.environment  # noqa: F401  (before mlflow: it turns telemetry off)

# isort: split
from mlflow import MlflowClient

from orchestrator.study.uris import masked, sqlite_path
from orchestrator.tracking.environment import failing_fast, why_away
from orchestrator.tracking.store import open_client
from search_spaces.errors import OrchestratorError, UnavailableError

_HINT = "Name the store with --tracking-uri or MLFLOW_TRACKING_URI."


@contextmanager
def talking_to(tracking_uri: str, what: str, *, make: bool = False) -> Iterator[MlflowClient]:
    """A client of the store.

    Args:
        what: is wanted, as the subject of a sentence.
        make: a sqlite file that is not there is made, instead of being an error.

    Raises:
        UnavailableError: the store is away, or anything that MLflow raises meanwhile.
    """
    where, path = f"in {masked(tracking_uri)}", sqlite_path(tracking_uri)
    away = why_away(tracking_uri)
    if path is not None and not path.exists() and not make:
        away = "there is no such file"
    if away:
        raise UnavailableError(what, [(where, away)], hint=_HINT)
    try:
        with failing_fast():
            yield open_client(tracking_uri)
    except OrchestratorError:
        raise
    except Exception as error:  # whatever MLflow, a database or a server may raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        reason = lines[0].replace(tracking_uri, masked(tracking_uri))[:300]
        raise UnavailableError(what, [(where, reason)], hint=_HINT) from None
