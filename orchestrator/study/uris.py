"""Where stores are: default places, made absolute, passwords masked."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from search_spaces.errors import UsageError


def masked(uri: str) -> str:
    """`uri` with its password replaced by `***`, fit to be shown, logged or stored."""
    parts = urlsplit(uri)
    if "@" not in parts.netloc:
        return uri
    user, _, place = parts.netloc.rpartition("@")
    name, has_password, _ = user.partition(":")
    secret = ":***" if has_password else ""
    return urlunsplit(parts._replace(netloc=f"{name}{secret}@{place}"))


def storage_uri(asked: str | None) -> str:
    """The Optuna storage: `asked`, else `sqlite:///optuna.db` in the working folder; absolute.

    Raises:
        UsageError: not a database URL that can be used.
    """
    uri = asked or "sqlite:///optuna.db"
    if uri.startswith("sqlite:///"):
        return _absolute_sqlite(uri)
    if uri.startswith("postgresql://"):
        return uri.replace("postgresql://", "postgresql+psycopg://", 1)
    if "://" not in uri:
        suggestion = f"sqlite:///{uri}"
        raise UsageError("--storage must be a database URL.", got=uri, hint=f"Try {suggestion!r}.")
    return uri


def tracking_uri(asked: str | None) -> str:
    """The MLflow store: `asked`, else `MLFLOW_TRACKING_URI`, else sqlite here; absolute."""
    uri = asked or os.environ.get("MLFLOW_TRACKING_URI") or "sqlite:///mlflow.db"
    return _absolute_sqlite(uri) if uri.startswith("sqlite:///") else uri


def held_tracking_uri(held: str, asked: str | None) -> str:
    """The tracking store of a study that exists; `held` is what the study says, password masked.

    Raises:
        UsageError: another store was asked for, or the password is needed again.
    """
    uri = tracking_uri(asked) if asked or ":***@" in held else held
    if masked(uri) == held:
        return uri
    hint = "Set MLFLOW_TRACKING_URI or --tracking-uri to that store, with its password."
    raise UsageError(f"This study's runs are in {held}.", got=masked(uri), hint=hint)


def sqlite_path(uri: str) -> Path | None:
    """The file of a sqlite URI, None for any other store."""
    return Path(uri.removeprefix("sqlite:///")) if uri.startswith("sqlite:///") else None


def _absolute_sqlite(uri: str) -> str:
    path = Path(uri.removeprefix("sqlite:///")).expanduser().absolute()
    return f"sqlite:///{path}"
