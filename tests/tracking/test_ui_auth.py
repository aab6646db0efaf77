"""`orchestrator ui --auth`: who gets in, what is kept for whom, and what is never shown."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from mlflow_server import copy_store, free_port, stop, wait_for

from orchestrator.tracking import ui_auth
from orchestrator.tracking.bound import start_bound
from orchestrator.tracking.ui import server_command, server_environment
from orchestrator.tracking.ui_auth import PASSWORD_VARIABLE, SECRET_VARIABLE, prepare_login
from search_spaces.errors import UnavailableError, UsageError


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """No password of the developer's."""
    for name in (PASSWORD_VARIABLE, SECRET_VARIABLE):
        monkeypatch.delenv(name, raising=False)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_password_is_made_up_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    first, second = prepare_login(tmp_path), prepare_login(tmp_path)
    assert first.environment == second.environment
    other = prepare_login(tmp_path / "elsewhere")
    for name in (PASSWORD_VARIABLE, SECRET_VARIABLE):
        assert len(first.environment[name]) >= 24
        assert first.environment[name] != other.environment[name]
    folder = tmp_path / "mlflow-auth"
    assert _mode(folder) == 0o700
    assert {path.name: _mode(path) for path in folder.iterdir()} == dict.fromkeys(
        ("admin-password", "secret-key", "accounts.ini"), 0o600
    )
    assert (folder / "admin-password").read_text().strip() == first.environment[PASSWORD_VARIABLE]


def test_whatever_the_umask_says(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        prepare_login(tmp_path)
    finally:
        os.umask(before)
    assert all(_mode(path) == 0o600 for path in (tmp_path / "mlflow-auth").iterdir())


def test_no_secret_is_in_words_or_in_the_settings(tmp_path: Path) -> None:
    login = prepare_login(tmp_path)
    password = login.environment[PASSWORD_VARIABLE]
    settings = Path(login.environment["MLFLOW_AUTH_CONFIG_PATH"]).read_text()
    for shown in (login.words, repr(login), settings, *server_command(5000, auth=True)):
        assert password not in shown and login.environment[SECRET_VARIABLE] not in shown
    assert str(tmp_path / "mlflow-auth" / "admin-password") in login.words


def test_the_environments_password_is_taken_and_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "correct horse battery")
    login = prepare_login(tmp_path)
    assert login.environment[PASSWORD_VARIABLE] == "correct horse battery"
    assert login.words == f"Log in as admin with the password in {PASSWORD_VARIABLE}."
    assert not (tmp_path / "mlflow-auth" / "admin-password").exists()


@pytest.mark.parametrize("password", ["short", "password1234"])
def test_a_bad_password_is_refused_without_being_repeated(
    password: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, password)
    with pytest.raises(UsageError, match="12 characters") as caught:
        prepare_login(tmp_path)
    assert password not in str(caught.value)


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    prepare_login(tmp_path)
    path = tmp_path / "mlflow-auth" / "admin-password"
    path.chmod(0o644)
    with pytest.raises(UsageError, match=rf"0o644.*chmod 600 {path}"):
        prepare_login(tmp_path)


def test_a_path_with_a_percent_sign(tmp_path: Path) -> None:
    """MLflow interpolates its settings file."""
    import configparser

    folder = tmp_path / "100%"
    folder.mkdir()
    login = prepare_login(folder)
    settings = configparser.ConfigParser()
    settings.read(login.environment["MLFLOW_AUTH_CONFIG_PATH"])
    assert settings["mlflow"]["database_uri"] == f"sqlite:///{folder}/mlflow-auth/accounts.db"


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui_auth, "find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match=r"pip install 'orchestrator\[auth\]'"):
        prepare_login(tmp_path)


@dataclass(frozen=True)
class Guarded:
    """A running server, its password and the folder with its log."""

    url: str
    password: str
    folder: Path
    process: subprocess.Popen[bytes]

    def status(self, path: str, login: str = "") -> int:
        """What a request is answered with."""
        request = urllib.request.Request(self.url + path)
        if login:
            request.add_header(
                "Authorization", "Basic " + base64.b64encode(login.encode()).decode()
            )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return int(error.code)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, schema: Path) -> Iterator[Guarded]:
    """`orchestrator ui --auth` as a person starts it."""
    folder = tmp_path_factory.mktemp("guarded")
    store, port = copy_store(schema, folder), free_port()
    line = ["ui", "--auth", "--tracking-uri", store, "--port", str(port)]
    environment = {k: v for k, v in os.environ.items() if k not in (PASSWORD_VARIABLE,)}
    with (folder / "said.log").open("wb") as log:
        command = [sys.executable, "-m", "orchestrator.cli", *line]
        process = start_bound(command, env=environment, output=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process)
        password = (folder / "mlflow-auth" / "admin-password").read_text().strip()
        yield Guarded(f"http://127.0.0.1:{port}", password, folder, process)
    finally:
        stop(process)


API = "/api/2.0/mlflow/experiments/search?max_results=5"


@pytest.mark.slow
def test_who_gets_in(guarded: Guarded) -> None:
    right = f"admin:{guarded.password}"
    for path in ("/", API, "/ajax-api/2.0/mlflow/experiments/search?max_results=5", "/graphql"):
        assert guarded.status(path) == 401, path
        assert guarded.status(path, "admin:password") == 401
        assert guarded.status(path, "admin:password1234") == 401
        assert guarded.status(path, f"admin:{guarded.password}x") == 401
        assert guarded.status(path, f"root:{guarded.password}") == 401
    assert guarded.status("/", right) == 200
    assert guarded.status(API, right) == 200


@pytest.mark.slow
def test_nothing_of_it_is_shown_and_it_listens_here_alone(guarded: Guarded) -> None:
    key = (guarded.folder / "mlflow-auth" / "secret-key").read_text().strip()
    said = (guarded.folder / "said.log").read_text()
    assert "Log in as admin with the password in" in said
    processes = [psutil.Process(guarded.process.pid)]
    processes += processes[0].children(recursive=True)
    lines = [" ".join(process.cmdline()) for process in processes]
    assert any("basic-auth" in line for line in lines)
    for shown in (said, *lines):
        assert guarded.password not in shown and key not in shown
    listening = [
        connection.laddr.ip
        for process in processes
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening and set(listening) == {"127.0.0.1"}
    accounts = guarded.folder / "mlflow-auth" / "accounts.db"
    assert guarded.password.encode() not in accounts.read_bytes()


@pytest.mark.slow
def test_another_password_later_is_told_and_a_changed_one_is_not_named(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "password in" in prepare_login(guarded.folder).words
    monkeypatch.setenv(PASSWORD_VARIABLE, "another password")
    with pytest.raises(UsageError, match="got at the first start") as caught:
        prepare_login(guarded.folder)
    assert "another password" not in str(caught.value)
    monkeypatch.delenv(PASSWORD_VARIABLE)
    monkeypatch.setattr(ui_auth, "_is_of", lambda stored, password: False)
    assert "that you have set since" in prepare_login(guarded.folder).words


def test_without_auth_the_pages_are_this_machines_alone() -> None:
    command = server_command(5000)
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert "basic-auth" not in command
    assert PASSWORD_VARIABLE not in server_environment("sqlite:///x")
