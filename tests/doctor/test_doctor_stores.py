"""Study database and MLflow store in every state, real ones, and how long a dead one takes."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import optuna
import pytest

from orchestrator.doctor import DoctorRequest, Finding
from orchestrator.doctor.bounded import run_check
from orchestrator.doctor.checks import CHECKS
from orchestrator.doctor.databases import ask_database
from orchestrator.doctor.revisions import read_revisions, revisions_of
from orchestrator.doctor.servers import ask_server
from orchestrator.study.store import open_storage

PASSWORD = "t0p-s3cret"


def _look(check: str, **asked: str) -> Finding:
    """The one line of a check, which took no longer than it may."""
    began = time.monotonic()
    examined = run_check(check, CHECKS.get(check), DoctorRequest(**asked))
    assert time.monotonic() - began < 6
    (finding,) = examined.findings
    assert PASSWORD not in repr(finding)
    return finding


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study database as a search makes it."""
    path = tmp_path_factory.mktemp("made") / "optuna.db"
    open_storage(f"sqlite:///{path}").engine.dispose()
    return path


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    path = tmp_path / "optuna.db"
    with sqlite3.connect(made) as source, sqlite3.connect(path) as target:
        source.backup(target)
    return path


def _stamp(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))


def _tables_of_mlflow(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE experiments (experiment_id INTEGER)")
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES (?)", (revision,))


def test_revisions_are_those_that_alembic_finds() -> None:
    from alembic.script import ScriptDirectory
    from optuna.storages._rdb import storage as rdb

    scripts = ScriptDirectory(str(Path(rdb.__file__).parent / "alembic"))
    ours = revisions_of("optuna")
    assert ours.known == {each.revision for each in scripts.walk_revisions()}
    assert ours.newest == {scripts.get_current_head()}
    assert len(revisions_of("mlflow").newest) == 1


def test_revisions_with_annotations_and_merges(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("revision: str = 'a'\ndown_revision = None\n")
    (tmp_path / "b.py").write_text("revision = 'b'\ndown_revision = 'a'\n")
    (tmp_path / "c.py").write_text("revision = 'c'\ndown_revision = 'a'\n")
    (tmp_path / "d.py").write_text("revision = 'd'\ndown_revision = ('b', 'c')\nraise SystemExit\n")
    found = read_revisions(tmp_path)
    assert (found.known, found.newest) == (frozenset("abcd"), frozenset("d"))


def test_a_database_of_this_optuna_is_fine_and_stays_as_it_is(database: Path) -> None:
    before = database.read_bytes()
    finding = _look("storage", storage=f"sqlite:///{database}")
    assert (finding.level, finding.do) == ("fine", "")
    assert f"of Optuna {optuna.__version__}" in finding.says
    assert database.read_bytes() == before


def test_one_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    for check, option in (("storage", "storage"), ("tracking", "tracking_uri")):
        finding = _look(check, **{option: f"sqlite:///{tmp_path}/new/x.db"})
        assert finding.level == "fine" and "the first search makes it" in finding.says
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("revision", "words", "do"),
    [
        ("v3.0.0.a", "are older than", "optuna storage upgrade --storage sqlite:////"),
        ("v99.0.0.a", "(v99.0.0.a) are newer than", "pip install -U optuna"),
    ],
)
def test_tables_of_another_optuna_stop_a_search(
    database: Path, revision: str, words: str, do: str
) -> None:
    _stamp(database, revision)
    finding = _look("storage", storage=f"sqlite:///{database}")
    assert finding.level == "stop"
    assert words in finding.says and finding.do.startswith(do)


@pytest.mark.parametrize(
    ("revision", "words", "do"),
    [
        ("451aebb31d03", "are older than", "mlflow db upgrade 'sqlite:////"),
        ("ffffffffffff", "are newer than", "pip install -U mlflow"),
        (None, "its tables are of MLflow", ""),
    ],
)
def test_tables_of_mlflow_are_never_a_reason_to_stop(
    tmp_path: Path, revision: str | None, words: str, do: str
) -> None:
    newest = next(iter(revisions_of("mlflow").newest))
    _tables_of_mlflow(tmp_path / "m.db", revision or newest)
    finding = _look("tracking", tracking_uri=f"sqlite:///{tmp_path}/m.db")
    assert finding.level == ("note" if revision else "fine")
    assert words in finding.says and finding.do.startswith(do)


def test_one_database_for_both_is_told(tmp_path: Path, database: Path) -> None:
    _tables_of_mlflow(tmp_path / "m.db", "451aebb31d03")
    finding = _look("storage", storage=f"sqlite:///{tmp_path}/m.db")
    assert finding.level == "stop" and "holds MLflow's tables" in finding.says
    finding = _look("tracking", tracking_uri=f"sqlite:///{database}")
    assert finding.level == "note" and "holds Optuna's tables" in finding.says


def test_a_damaged_file_and_a_locked_one(tmp_path: Path, database: Path) -> None:
    (tmp_path / "bad.db").write_text("no database at all" * 100)
    finding = _look("storage", storage=f"sqlite:///{tmp_path}/bad.db")
    assert finding.level == "stop" and "not a database" in finding.says
    holder = sqlite3.connect(database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        finding = _look("storage", storage=f"sqlite:///{database}")
    finally:
        holder.close()
    assert finding.level == "stop" and "cannot be written: database is locked" in finding.says


def test_a_read_only_folder(mounted) -> None:
    place = mounted("ro")
    finding = _look("storage", storage=f"sqlite:///{place}/optuna.db")
    assert finding.level == "stop" and "read-only" in finding.says and "--storage" in finding.do
    assert _look("tracking", tracking_uri=f"sqlite:///{place}/mlflow.db").level == "note"


@pytest.mark.parametrize("kind", ["refuses", "is silent"])
def test_a_dead_server_is_told_in_time(kind: str, closed_port: int, silent_port: int) -> None:
    port = closed_port if kind == "refuses" else silent_port
    storage = f"postgresql://me:{PASSWORD}@127.0.0.1:{port}/studies"
    finding = _look("storage", storage=storage)
    assert finding.level == "stop"
    assert f"me:***@127.0.0.1:{port}" in finding.says and "cannot be used" in finding.says
    finding = _look("tracking", tracking_uri=f"http://me:{PASSWORD}@127.0.0.1:{port}")
    assert finding.level == "note" and "gives no answer" in finding.says
    assert "orchestrator sync" in finding.do


def test_a_wrong_address_has_the_words_of_a_search() -> None:
    finding = _look("storage", storage="optuna.db")
    assert finding.level == "stop" and "must be a database URL" in finding.says
    finding = _look("storage", storage=f"nosuchdb://me:{PASSWORD}@h/x")
    assert finding.level == "stop" and "driver is missing" in finding.says


class _Server(BaseHTTPRequestHandler):
    """An MLflow server that wants `me` and the password, and whose clock leads by an hour."""

    def do_GET(self) -> None:
        import base64

        login = base64.b64encode(f"me:{PASSWORD}".encode()).decode()
        let_in = self.headers.get("Authorization") == f"Basic {login}"
        body = b"9.1.0" if self.path == "/version" else b"{}"
        self.send_response_only(200 if let_in else 401)
        self.send_header("Date", self.date_time_string(time.time() + 3600))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[int]:
    """Its port."""
    served = HTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield served.server_address[1]
    served.shutdown()
    thread.join()
    served.server_close()


def test_a_server_that_wants_a_password(server: int, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = f"http://127.0.0.1:{server}"
    finding = _look("tracking", tracking_uri=plain)
    assert finding.level == "note" and "wants a name and a password" in finding.says
    assert "MLFLOW_TRACKING_PASSWORD" in finding.do
    inside = _look("tracking", tracking_uri=f"http://me:{PASSWORD}@127.0.0.1:{server}")
    assert "it runs MLflow 9.1.0" in inside.says and "mlflow==9.1.0" in inside.do
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "me")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    assert _look("tracking", tracking_uri=plain).says == inside.says.replace("me:***@", "")


def test_a_clock_that_differs_is_told(server: int, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    off = ask_server(f"http://127.0.0.1:{server}").seconds_off
    assert off == pytest.approx(3600, abs=2)
    finding = _look("clock", tracking_uri=f"http://127.0.0.1:{server}")
    assert finding.level == "note" and "behind the MLflow server" in finding.says
    assert _look("clock").level == "fine"
    assert not list(tmp_path.iterdir())


def test_asking_makes_no_tables(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    sqlite3.connect(path).execute("VACUUM").connection.close()
    state = ask_database(f"sqlite:///{path}", "studies")
    assert state.is_new and not state.problem
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


@pytest.mark.slow
@pytest.mark.needs("postgresql")
def test_postgresql_in_every_state() -> None:
    import psycopg
    from postgres_server import PostgresServer

    with PostgresServer() as server:
        password = server.uri.partition(":")[2].partition("@")[0].rpartition(":")[2]
        assert "makes it" in _look("storage", storage=server.uri).says
        open_storage(server.uri.replace("postgresql://", "postgresql+psycopg://")).engine.dispose()
        fine = _look("storage", storage=server.uri)
        assert fine.level == "fine" and ":***@" in fine.says and password not in repr(fine)
        clocks = run_check("clock", CHECKS.get("clock"), DoctorRequest(storage=server.uri))
        assert "agrees with" in clocks.findings[0].says
        assert "the study database" in clocks.findings[0].says
        wrong = server.uri.replace(password, PASSWORD)
        assert "authentication failed" in _look("storage", storage=wrong).says
        with psycopg.connect(server.uri, autocommit=True) as connection:
            connection.execute(f"CREATE ROLE guest LOGIN PASSWORD '{PASSWORD}'")
            connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guest")
            guest = server.uri.replace(f"orchestrator:{password}", f"guest:{PASSWORD}")
            assert "may not write" in _look("storage", storage=guest).says
            connection.execute("ALTER ROLE orchestrator SET default_transaction_read_only = on")
        assert "read-only" in _look("storage", storage=server.uri).says
        server.stop()
        assert _look("storage", storage=server.uri).level == "stop"
