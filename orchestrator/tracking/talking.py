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
from search_spaces.errors import OrchestratorError, UnavailableError, UsageError

_HINT = "Name the store with --tracking-uri or MLFLOW_TRACKING_URI."


@contextmanager
def talking_to(tracking_uri: str, what: str, *, named: bool = False) -> Iterator[MlflowClient]:
    """A client of the store; a sqlite file that is not there is not made.

    Args:
        what: is wanted, as the subject of a sentence.
        named: it is something that a person named, so that it is their mistake where the store
            does not have it.

    Raises:
        UnavailableError: the store is away, or anything that MLflow raises meanwhile.
        UsageError: the store does not have what was named.
    """
    where, path = f"in {masked(tracking_uri)}", sqlite_path(tracking_uri)
    away = why_away(tracking_uri)
    if path is not None and not path.exists():
        away = "there is no such file"
    if away:
        raise UnavailableError(what, [(where, away)], hint=_HINT)
    try:
        with failing_fast():
            yield open_client(tracking_uri)
    except OrchestratorError:
        raise
    except Exception as error:  # whatever MLflow, a database or a server may raise
        if named and ("does not exist" in str(error) or "not found" in str(error)):
            raise UsageError(f"{what} is not {where}.", hint=_HINT) from None
        raise UnavailableError(what, [(where, in_words(error, tracking_uri))], hint=_HINT) from None


def in_words(error: Exception, tracking_uri: str) -> str:
    """The first line of what a store raised, without its password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].replace(tracking_uri, masked(tracking_uri))[:300]
