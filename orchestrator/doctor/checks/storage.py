"""The study database: answers, can be written, and its tables are of this Optuna."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.databases import DatabaseState, ask_database
from orchestrator.doctor.finding import Finding, fine, stop
from orchestrator.doctor.request import DoctorRequest
from orchestrator.doctor.revisions import Revisions, revisions_of
from orchestrator.study.uris import masked, sqlite_path, storage_uri

_SUBJECT = "study database"


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line; a wrong `--storage` is told by the words of a search."""
    uri = storage_uri(request.storage)
    yield judge(uri, ask_database(uri, "studies"), revisions_of("optuna"), revisions_of("mlflow"))


def judge(uri: str, state: DatabaseState, ours: Revisions, mlflows: Revisions) -> Finding:
    """What to say of it.

    Args:
        uri: absolute, with its password.
        ours, mlflows: the revisions that the installed Optuna and MLflow know.
    """
    shown = masked(uri)
    facts: dict[str, Any] = {"uri": shown, "revision": state.revision}
    if state.driver_missing:
        do = "pip install 'orchestrator[postgres]'"
        return stop(_SUBJECT, f"{shown}: its driver is missing: {state.problem}", do, **facts)
    if state.problem:
        do = "check the address and the server, or leave --storage away for a file in this folder"
        return stop(_SUBJECT, f"{shown} cannot be used: {state.problem}", do, **facts)
    if state.revision in mlflows.known - ours.known:
        says = f"{shown} holds MLflow's tables; Optuna's need a database of their own"
        return stop(_SUBJECT, says, "name another database with --storage", **facts)
    if state.unwritable:
        do = "work in a folder that can be written to, or name another --storage"
        return stop(_SUBJECT, f"{shown} cannot be written: {state.unwritable}", do, **facts)
    if state.is_new:
        return fine(_SUBJECT, f"{shown}: nothing there yet; the first search makes it", **facts)
    return _by_revision(shown, state, ours, facts)


def _by_revision(
    shown: str, state: DatabaseState, ours: Revisions, facts: dict[str, Any]
) -> Finding:
    optuna = f"Optuna {version('optuna')}"
    words = "answers and can be written"
    if not ours.known or state.revision in ours.newest:
        return fine(_SUBJECT, f"{shown} {words}; its tables are of {optuna}", **facts)
    if state.revision in ours.known:
        says = f"{shown}: its tables are older than those of {optuna}; make a copy, then upgrade"
        return stop(_SUBJECT, says, f"optuna storage upgrade --storage {_typed(shown)}", **facts)
    says = f"{shown}: its tables ({state.revision}) are newer than those that {optuna} knows"
    return stop(_SUBJECT, says, "pip install -U optuna", **facts)


def _typed(shown: str) -> str:
    """As a shell takes it; a file's address needs quotes only where its path has odd characters."""
    path = sqlite_path(shown)
    return shown if path is not None and " " not in str(path) else f"'{shown}'"


CHECK = Check(look)
