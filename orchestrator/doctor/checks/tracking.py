"""MLflow's store: answers, can be written, and its tables are of this MLflow.

Never a reason to stop: a search runs without it, and `orchestrator sync` sends later what it holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.databases import DatabaseState, ask_database
from orchestrator.doctor.finding import Finding, fine, note
from orchestrator.doctor.request import DoctorRequest
from orchestrator.doctor.revisions import Revisions, revisions_of
from orchestrator.doctor.servers import ServerState, ask_server
from orchestrator.study.uris import masked, tracking_uri

_SUBJECT = "MLflow store"
LATER = "orchestrator sync"  # sends what a search held meanwhile


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    uri = tracking_uri(request.tracking_uri)
    if uri.startswith(("http://", "https://")):
        yield judge_server(masked(uri), ask_server(uri))
    else:
        state = ask_database(uri, "experiments")
        yield judge(uri, state, revisions_of("mlflow"), revisions_of("optuna"))


def judge(uri: str, state: DatabaseState, ours: Revisions, optunas: Revisions) -> Finding:
    """What to say of a database; a search runs without it.

    Args:
        uri: absolute, with its password.
        ours, optunas: the revisions that the installed MLflow and Optuna know.
    """
    shown = masked(uri)
    facts: dict[str, Any] = {"uri": shown, "revision": state.revision}
    without = "a search runs all the same, and is shown later"
    if state.problem:
        says = f"{shown} cannot be used: {state.problem}; {without}"
        do = "pip install psycopg2-binary" if state.driver_missing else f"mend it, then: {LATER}"
        return note(_SUBJECT, says, do, **facts)
    if state.revision in optunas.known - ours.known:
        says = f"{shown} holds Optuna's tables; MLflow's need a database of their own"
        return note(_SUBJECT, says, "name another database with --tracking-uri", **facts)
    if state.unwritable:
        says = f"{shown} cannot be written: {state.unwritable}; {without}"
        return note(_SUBJECT, says, "name another --tracking-uri", **facts)
    if state.is_new:
        return fine(_SUBJECT, f"{shown}: nothing there yet; the first search makes it", **facts)
    mlflow = f"MLflow {version('mlflow')}"
    if not ours.known or state.revision in ours.newest:
        words = f"{shown} answers and can be written; its tables are of {mlflow}"
        return fine(_SUBJECT, words, **facts)
    if state.revision in ours.known:
        says = f"{shown}: its tables are older than those of {mlflow}; make a copy, then upgrade"
        return note(_SUBJECT, f"{says}; {without}", f"mlflow db upgrade '{shown}'", **facts)
    says = f"{shown}: its tables ({state.revision}) are newer than {mlflow} knows; {without}"
    return note(_SUBJECT, says, "pip install -U mlflow", **facts)


def judge_server(shown: str, state: ServerState) -> Finding:
    """What to say of an MLflow server."""
    facts: dict[str, Any] = {"uri": shown, "version": state.version}
    if state.refused:
        says = f"{shown} wants a name and a password, and took none of ours"
        do = "export MLFLOW_TRACKING_USERNAME=NAME MLFLOW_TRACKING_PASSWORD=PASSWORD"
        return note(_SUBJECT, says, do, **facts)
    if state.problem:
        says = f"{shown} gives no answer ({state.problem}); a search runs all the same"
        return note(_SUBJECT, says, f"when it is back: {LATER}", **facts)
    here = version("mlflow")
    if state.version.partition(".")[0] != here.partition(".")[0]:
        says = f"{shown} answers; it runs MLflow {state.version}, and {here} is installed here"
        return note(_SUBJECT, says, f"pip install 'mlflow=={state.version}'", **facts)
    return fine(_SUBJECT, f"{shown} answers (MLflow {state.version})", **facts)


CHECK = Check(look)
