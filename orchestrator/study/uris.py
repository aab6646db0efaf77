"""Where stores are: default places, made absolute, passwords masked."""

from __future__ import annotations

import os
import re
from pathlib import Path

from search_spaces.errors import UsageError

# SQLAlchemy takes a password with / ? # in it as it stands (sqlalchemy/engine/url.py, 2.0), where
# urlsplit sees a path; in a web address a path may hold an @. Both up to the last @.
# Without a scheme it is no address, and may be one that was typed wrong: me:password@host.
_LOGIN = re.compile(r"^(?P<user>[a-zA-Z][\w+.-]*://[^:/@\s]*|[^:/@\s]+(?=:(?!/))):.*@", re.DOTALL)
_WEB_LOGIN = re.compile(r"^(?P<user>https?://[^:/?#@]*):[^/?#]*@")
_SECRET_FIELD = re.compile(
    r"(?P<name>[?&](?:ssl|key)?(?:password|passwd|pwd|secret|token))=[^&]*", re.IGNORECASE
)


def masked(uri: str) -> str:
    """`uri` with its password replaced by `***`, fit to be shown, logged or stored.

    In any string that somebody may have taken for an address, also one that nothing could open.
    """
    login = _WEB_LOGIN if uri.startswith(("http://", "https://")) else _LOGIN
    return _SECRET_FIELD.sub(r"\g<name>=***", login.sub(r"\g<user>:***@", uri, count=1))


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
        suggestion = f"sqlite:///{masked(uri)}"
        rule, hint = "--storage must be a database URL.", f"Try {suggestion!r}."
        raise UsageError(rule, got=masked(uri), hint=hint)
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
    uri = tracking_uri(asked) if asked or "***" in held else held
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
