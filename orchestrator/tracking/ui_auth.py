"""What `orchestrator ui --auth` gives MLflow's server: accounts, and no password anybody knows.

All of it lies in one folder that only its owner may enter, beside the store: the accounts
(`accounts.db`, hashes only), the first password (`admin-password`) and the key that signs sessions
(`secret-key`). Secrets reach the server through its environment, never through its arguments, which
every user of the machine can read. Source: mlflow/server/auth (3.17).
"""

from __future__ import annotations

import configparser
import contextlib
import os
import secrets
import sqlite3
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from search_spaces.errors import UnavailableError, UsageError

ADMIN = "admin"
PASSWORD_VARIABLE = "MLFLOW_AUTH_ADMIN_PASSWORD"
SECRET_VARIABLE = "MLFLOW_FLASK_SERVER_SECRET_KEY"
FOLDER = "mlflow-auth"
_SHORTEST = 12  # characters: MLflow's own rule
_LEGACY = "password1234"  # what older versions of MLflow shipped, known to everybody


@dataclass(frozen=True)
class Login:
    """How the pages are protected.

    Args:
        environment: for the server; secrets included, so it is not to be shown.
        words: how a person gets in, in a sentence that is fit to be shown.
    """

    environment: dict[str, str]
    words: str

    def __repr__(self) -> str:
        return f"Login({self.words!r})"


def prepare_login(beside: Path) -> Login:
    """Accounts, password and key for a server; those of an earlier start are taken again.

    Args:
        beside: the folder of the store.

    Raises:
        UsageError: the password given is too short, known to everybody, or not the accounts' own;
            or others may read a secret.
        UnavailableError: the parts of MLflow that do this are not installed, or the folder cannot
            be written.
    """
    if find_spec("flask_wtf") is None:
        tried = [("import flask_wtf", "not installed")]
        hint = "pip install 'orchestrator[auth]'"
        raise UnavailableError("MLflow's login", tried, hint=hint)
    folder = _private_folder(beside / FOLDER)
    accounts = folder / "accounts.db"
    password, source = _password(folder / "admin-password")
    _check(password, source)
    words = _words(password, source, accounts)
    environment = {
        PASSWORD_VARIABLE: password,
        "MLFLOW_AUTH_ADMIN_USERNAME": ADMIN,
        "MLFLOW_AUTH_CONFIG_PATH": str(_config_file(folder / "accounts.ini", accounts)),
        SECRET_VARIABLE: os.environ.get(SECRET_VARIABLE) or _secret(folder / "secret-key", _key),
    }
    return Login(environment, words)


def _password(path: Path) -> tuple[str, str]:
    """The administrator's, and where it comes from: the environment, else a file (made once)."""
    if given := os.environ.get(PASSWORD_VARIABLE):
        return given, PASSWORD_VARIABLE
    return _secret(path, lambda: secrets.token_urlsafe(18)), str(path)


def _check(password: str, source: str) -> None:
    if len(password) < _SHORTEST or password == _LEGACY:
        rule = f"The password in {source} must have {_SHORTEST} characters, and be no old default."
        raise UsageError(rule, hint=f"Set another one, or unset {PASSWORD_VARIABLE}.")


def _words(password: str, source: str, accounts: Path) -> str:
    """How to log in; whoever has changed the password since knows it better than we do.

    Raises:
        UsageError: the environment names another password than the accounts have. MLflow would
            say nothing, and let nobody in with it.
    """
    stored = _stored_hash(accounts)
    if not stored or _is_of(stored, password):
        return f"Log in as {ADMIN} with the password in {source}."
    if source != PASSWORD_VARIABLE:
        return f"Log in as {ADMIN} with the password that you have set since the first start."
    rule = f"{source} must be the password that {ADMIN} got at the first start, and is another."
    hint = f"Unset it; or remove {accounts}, and all accounts with it, to begin anew."
    raise UsageError(rule, hint=hint)


def _stored_hash(accounts: Path) -> str:
    """The administrator's password hash; "" where there is none yet."""
    if not accounts.exists():
        return ""
    with contextlib.closing(sqlite3.connect(f"file:{accounts}?mode=ro", uri=True)) as database:
        try:
            ask = "SELECT password_hash FROM users WHERE username = ?"
            row = database.execute(ask, (ADMIN,)).fetchone()
        except sqlite3.Error:  # half made, or of a later MLflow: the server itself will say
            return ""
    return str(row[0]) if row else ""


def _is_of(stored: str, password: str) -> bool:
    from werkzeug.security import check_password_hash

    return check_password_hash(stored, password)


def _config_file(path: Path, accounts: Path) -> Path:
    """MLflow's own settings file, without a password in it."""
    settings = configparser.ConfigParser(interpolation=None)
    settings["mlflow"] = {
        "default_permission": "READ",
        "database_uri": f"sqlite:///{accounts}".replace("%", "%%"),  # MLflow interpolates
        "admin_username": ADMIN,
        "authorization_function": "mlflow.server.auth:authenticate_request_basic_auth",
    }
    with _writing(path.parent), os.fdopen(_open_private(path, os.O_TRUNC), "w") as file:
        settings.write(file)
    return path


def _key() -> str:
    return secrets.token_hex(32)


def _secret(path: Path, make: Callable[[], str]) -> str:
    """What a file holds that only its owner may read; made where it is missing.

    Raises:
        UsageError: others may read it.
    """
    with _writing(path.parent):
        with contextlib.suppress(FileExistsError):
            handle = _open_private(path, os.O_EXCL)
            with os.fdopen(handle, "w") as file:
                file.write(make() + "\n")
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            rule = f"Only its owner may read {path}."
            hint = f"Others may have read it: remove it, or: chmod 600 {path}"
            raise UsageError(rule, got=oct(stat.S_IMODE(path.stat().st_mode)), hint=hint)
        return path.read_text().strip()


def _private_folder(path: Path) -> Path:
    with _writing(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.chmod(0o700)  # also the accounts, which MLflow makes, are nobody else's
    return path


def _open_private(path: Path, more: int) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | more, 0o600)


@contextlib.contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(f"The folder {folder}", [("writing", str(error))]) from None
