"""Asks a database whether it answers, can be written, and at which revision its tables stand.

Nothing is made in it: a sqlite file that is not there is not made either.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from orchestrator.doctor.checks.disk import why_not_writable
from orchestrator.study.uris import sqlite_path

_CONNECT_SECONDS = 2  # well below a check's limit, so that it can still say what was wrong
_LOCK_SECONDS = 2


@dataclass(frozen=True)
class DatabaseState:
    """What a database says of itself.

    Args:
        problem: why it cannot be used at all; "" where it can.
        driver_missing: the problem is a Python package.
        is_new: there are no tables of the library in it yet (nor the file, perhaps).
        unwritable: why nothing can be written to it; "" where something can.
        revision: alembic's; None without one.
        seconds_off: the database's clock minus this machine's; None where it has none of its own.
    """

    problem: str = ""
    driver_missing: bool = False
    is_new: bool = False
    unwritable: str = ""
    revision: str | None = None
    seconds_off: float | None = None


def ask_database(uri: str, table: str) -> DatabaseState:
    """The state of the database at a SQLAlchemy URL; raises nothing.

    Args:
        table: that tells whether the library's tables are there: `studies`, `experiments`.
    """
    path = sqlite_path(uri)
    if path is not None and (not path.exists() or not path.stat().st_size):
        return DatabaseState(is_new=True, unwritable=why_not_writable(path.parent))
    try:
        engine = create_engine(uri, poolclass=NullPool, connect_args=_limits(uri))
    except (ImportError, NoSuchModuleError) as error:
        return DatabaseState(_first_line(error, uri), driver_missing=True)
    except (SQLAlchemyError, ValueError) as error:
        return DatabaseState(_first_line(error, uri))
    try:
        with engine.connect() as connection:
            return _ask(connection, table, path)
    except (SQLAlchemyError, OSError) as error:
        return DatabaseState(_first_line(error, uri))
    finally:
        engine.dispose()


def _ask(connection: Connection, table: str, path: Path | None) -> DatabaseState:
    tables = set(inspect(connection).get_table_names())
    rows = (
        connection.execute(text("SELECT version_num FROM alembic_version")).all()
        if ("alembic_version" in tables)
        else []
    )
    off = _seconds_off(connection)
    connection.rollback()
    return DatabaseState(
        is_new=table not in tables,
        revision=str(rows[0][0]) if rows else None,
        unwritable=_why_not_writable(connection, table if table in tables else None, path),
        seconds_off=off,
    )


def _why_not_writable(connection: Connection, table: str | None, path: Path | None) -> str:
    """In words; "" where it can be written."""
    if path is not None:
        if not os.access(path, os.W_OK):
            return "the file is read-only"
        if problem := why_not_writable(path.parent):  # sqlite's journal stands beside the file
            return f"its folder: {problem}"
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            connection.rollback()
        except SQLAlchemyError as error:
            return _first_line(error, "")
        return ""
    if connection.dialect.name != "postgresql":
        return ""
    if connection.execute(text("SHOW transaction_read_only")).scalar() == "on":
        return "the server is read-only (a standby?)"
    ask = "SELECT has_schema_privilege(current_schema(), 'CREATE')"
    if table is not None:
        ask = f"SELECT has_table_privilege('{table}', 'INSERT, UPDATE')"
    return "" if connection.execute(text(ask)).scalar() else "this user may not write to it"


def _seconds_off(connection: Connection) -> float | None:
    """By PostgreSQL's clock, asked halfway between two looks at ours."""
    if connection.dialect.name != "postgresql":
        return None
    before = time.time()
    theirs = connection.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar()
    return float(theirs or 0.0) - (before + time.time()) / 2


def _limits(uri: str) -> dict[str, object]:
    dialect = make_url(uri).get_backend_name()
    if dialect == "sqlite":
        return {"timeout": _LOCK_SECONDS}
    return {"connect_timeout": _CONNECT_SECONDS} if dialect in ("postgresql", "mysql") else {}


def _first_line(error: Exception, uri: str) -> str:
    """An error's first line, without the password that drivers now and then repeat."""
    cause = getattr(error, "orig", None) or error
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()]
    said = (lines or [type(error).__name__])[0][:300]
    password = make_url(uri).password if uri and "://" in uri else None
    return said.replace(str(password), "***") if password else said
