"""Passwords in addresses of every form, as their libraries read them; what is no password stays."""

from __future__ import annotations

import pytest
from sqlalchemy.engine import make_url

from orchestrator.study.uris import held_tracking_uri, masked
from search_spaces.errors import UsageError

ROWS = {
    "postgresql://me:pw@host:5432/db": "postgresql://me:***@host:5432/db",
    "postgresql+psycopg://me:pw@host/db": "postgresql+psycopg://me:***@host/db",
    "postgresql://me:p/w?x#y@host/db": "postgresql://me:***@host/db",
    "postgresql://me:p@w@host/db": "postgresql://me:***@host/db",
    "postgresql://me:p:w@host/db": "postgresql://me:***@host/db",
    "postgresql://me:@host/db": "postgresql://me:***@host/db",
    "postgresql://:pw@host/db": "postgresql://:***@host/db",
    "postgresql://me:p%40w@[::1]:5432/db": "postgresql://me:***@[::1]:5432/db",
    "postgresql://me:pw@[::1/db": "postgresql://me:***@[::1/db",
    "postgresql://host/db?user=me&password=pw": "postgresql://host/db?user=me&password=***",
    "postgresql://host/db?sslpassword=pw&sslmode=on":
        "postgresql://host/db?sslpassword=***&sslmode=on",
    "mysql+pymysql://me:pw@host/db": "mysql+pymysql://me:***@host/db",
    "http://me:pw@host:5000": "http://me:***@host:5000",
    "https://me:pw@host/path@x": "https://me:***@host/path@x",
    "https://host/?token=pw": "https://host/?token=***",
    "me:pw@host/db": "me:***@host/db",
    "me@host": "me@host",
    "postgresql://me@host/db": "postgresql://me@host/db",
    "http://host:5000/#/models/m@v": "http://host:5000/#/models/m@v",
    "http://host:5000": "http://host:5000",
    "sqlite:////home/me/a@b/optuna.db": "sqlite:////home/me/a@b/optuna.db",
    "sqlite:////C:/x@y/optuna.db": "sqlite:////C:/x@y/optuna.db",
    "sqlite:///optuna.db": "sqlite:///optuna.db",
    "file:///a@b/mlruns": "file:///a@b/mlruns",
    "databricks": "databricks",
    "models:/name@alias": "models:/name@alias",
    "could not connect: nobody at home": "could not connect: nobody at home",
}  # fmt: skip


@pytest.mark.parametrize("uri", ROWS)
def test_a_password_is_masked_and_nothing_else(uri: str) -> None:
    assert masked(uri) == ROWS[uri]
    assert masked(masked(uri)) == masked(uri)


@pytest.mark.parametrize("uri", [uri for uri in ROWS if uri.startswith("postgresql://me:p")])
def test_the_password_is_what_sqlalchemy_takes_for_it(uri: str) -> None:
    """The forms above are none of our own making: they do open a database."""
    if "[::1/" in uri:
        return
    password = str(make_url(uri).password)
    assert password.startswith("p") and f":{password}@" not in masked(uri)


def test_a_masked_store_wants_its_password_again(monkeypatch: pytest.MonkeyPatch) -> None:
    for uri in ("postgresql://me:pw@host/db", "postgresql://host/db?user=me&password=pw"):
        held = masked(uri)
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        assert held_tracking_uri(held, None) == uri
        monkeypatch.delenv("MLFLOW_TRACKING_URI")
        with pytest.raises(UsageError, match=r"\*\*\*"):
            held_tracking_uri(held, None)
