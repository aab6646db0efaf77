"""Opens Optuna storages, and creates, finds, reads and lists studies in them."""

from __future__ import annotations

import os
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import optuna
from sqlalchemy import Engine, event
from sqlalchemy.exc import IntegrityError, ProgrammingError, SQLAlchemyError

from orchestrator.study.spec import SPEC_KEY, StudySpec
from orchestrator.study.uris import masked, sqlite_path
from search_spaces.errors import UnavailableError, UnknownNameError, UsageError

optuna.logging.set_verbosity(optuna.logging.WARNING)

_SQLITE_WAIT = 60.0  # seconds to wait for another writer: the tracker and the dashboard read too
# A transaction takes a tenth of a second; one in which nothing was said for so long stands still.
IDLE_SECONDS = 15.0


def open_storage(uri: str) -> optuna.storages.RDBStorage:
    """The storage at `uri`, with its tables made if they are missing.

    Raises:
        UnavailableError: the file cannot be written, or the server not reached.
    """
    path = sqlite_path(uri)
    if path is not None:
        _check_writable(path)
    try:
        storage = _connect(uri)
        if path is not None:
            _write_ahead(storage.engine)
        elif storage.engine.dialect.name == "postgresql":
            _end_when_suspended(storage.engine)
        return storage
    except (SQLAlchemyError, ImportError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        hint = (
            "PostgreSQL wants the extra: pip install 'orchestrator[postgres]'."
            if isinstance(error, ImportError)
            else "Check the address, or leave --storage away for a file in this folder."
        )
        raise UnavailableError(
            f"The study database {masked(uri)}", [("opening it", masked(reason))], hint=hint
        ) from None


def create_study(storage: optuna.storages.RDBStorage, spec: StudySpec) -> optuna.Study:
    """A new, empty study that holds `spec`; call it where nobody else makes one of this name.

    Raises:
        NameTaken: somebody else has made it meanwhile.
    """
    directions = [objective.direction for objective in spec.objectives]
    try:
        study = optuna.create_study(storage=storage, study_name=spec.name, directions=directions)
    except optuna.exceptions.DuplicatedStudyError:
        if is_made(storage, spec.name):
            raise NameTaken("A new study needs a name of its own.", got=spec.name) from None
        optuna.delete_study(study_name=spec.name, storage=storage)
        return create_study(storage, spec)
    with warnings.catch_warnings():  # experimental since Optuna 3.2; the dashboard shows it
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        study.set_metric_names([objective.metric for objective in spec.objectives])
    write_spec(study, spec)
    return study


def _connect(uri: str) -> optuna.storages.RDBStorage:
    """Tries again: of two processes that make the tables at once, one finds them half there.

    Raises:
        SQLAlchemyError, ImportError, RuntimeError: the last failure.
    """
    for pause in (0.5, 1.0, 0.0):
        try:
            return optuna.storages.RDBStorage(uri, engine_kwargs=_engine_options(uri))
        except (IntegrityError, ProgrammingError, AssertionError):
            if not pause:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


class NameTaken(UsageError):
    """There is a study of this name; a search may go on with it."""


def is_made(storage: optuna.storages.RDBStorage, name: str) -> bool:
    """Whether there is a study of this name.

    A driver that is killed while it makes one leaves a name without a spec and without trials:
    that one is still to be made.
    """
    if name not in study_names(storage):
        return False
    study = optuna.load_study(study_name=name, storage=storage)
    return SPEC_KEY in study.user_attrs or bool(study.get_trials(deepcopy=False))


def write_spec(study: optuna.Study, spec: StudySpec) -> None:
    """Keep `spec` in the study."""
    study.set_user_attr(SPEC_KEY, spec.model_dump(mode="json"))


def load_study(
    storage: optuna.storages.BaseStorage,
    name: str,
    sampler: optuna.samplers.BaseSampler | None = None,
) -> optuna.Study:
    """The study called `name`.

    Raises:
        UnknownNameError: there is none; lists those there are, and the nearest.
    """
    try:
        return optuna.load_study(study_name=name, storage=storage, sampler=sampler)
    except KeyError:
        raise UnknownNameError("study", name, study_names(storage)) from None


def read_spec(study: optuna.Study) -> StudySpec:
    """The spec that the study was created with.

    Raises:
        UsageError: the study is not one of ours.
    """
    held = study.user_attrs.get(SPEC_KEY)
    if held is None:
        raise UsageError(
            "A study must have been made by orchestrator.",
            got=study.study_name,
            hint="This one has no spec; start a search under another name.",
        )
    return StudySpec.model_validate(held)


def study_names(storage: optuna.storages.BaseStorage) -> list[str]:
    """All studies in the storage, ours or not, oldest first."""
    return optuna.get_all_study_names(storage)


def newest_study(storage: optuna.storages.RDBStorage) -> str:
    """The name of our newest study.

    Raises:
        UsageError: there is none.
    """
    summaries = optuna.get_all_study_summaries(storage, include_best_trial=False)
    ours = [summary for summary in summaries if SPEC_KEY in summary.user_attrs]
    if not ours:
        hint = "Run `orchestrator search backbone_compare`, or name another --storage."
        raise UsageError("There is no study in this storage yet.", hint=hint)
    return max(ours, key=lambda summary: summary.user_attrs[SPEC_KEY]["created"]).study_name


def _engine_options(uri: str) -> dict[str, object]:
    if sqlite_path(uri) is not None:
        return {"connect_args": {"timeout": _SQLITE_WAIT}}
    return {"pool_pre_ping": True, "connect_args": {"connect_timeout": 10}}


def _write_ahead(engine: Engine) -> None:
    """A commit without a wait for the disk, and readers that block no writer.

    A killed process loses nothing; a power cut may lose the last moments, but never breaks the
    file. A trial is about 30 commits, and sqlite's default waits for the disk at each.
    """

    def prepare(connection: Any, record: object) -> None:
        del record
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")

    engine.dispose()  # connections made before this was registered
    event.listen(engine, "connect", prepare)


def _end_when_suspended(engine: Engine) -> None:
    """Whoever is suspended within a transaction (a laptop's lid) must not hold up everybody else.

    The server ends such a session, so its locks are free. A statement after that fails; `Patience`
    says it again on a new connection. Any role may set this of its own sessions. A pooler that
    hands out connections by transaction (pgbouncer) may lose it: there it is best set as the role's
    own (`ALTER ROLE ... SET idle_in_transaction_session_timeout`).
    """

    def prepare(connection: Any, record: object) -> None:
        del record
        cursor = connection.cursor()
        cursor.execute(f"SET idle_in_transaction_session_timeout = {int(1000 * IDLE_SECONDS)}")
        cursor.close()
        connection.commit()

    engine.dispose()  # connections made before this was registered
    event.listen(engine, "connect", prepare)


def _check_writable(path: Path) -> None:
    """sqlite's own message for a read-only folder names neither the folder nor the cure."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Asked, not tried: closing any handle on the file drops the locks that this process's
        # other connections hold on it (sqlite.org/howtocorrupt.html, 2.2).
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(f"{path} is read-only")
        with tempfile.NamedTemporaryFile(dir=path.parent):
            pass  # sqlite's journal stands beside the file, so the folder must take new files
    except OSError as error:
        hint = "Work in a folder that can be written to, or name another --storage."
        raise UnavailableError(
            f"The study database {path}", [("writing to it", str(error))], hint=hint
        ) from None
