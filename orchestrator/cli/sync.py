"""`orchestrator sync STUDY`: send to MLflow again what a study holds; twice changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import AnyStudy, Json, Storage, TrackingUri

if TYPE_CHECKING:
    from orchestrator.tracking.result import SyncResult


def sync(
    study: AnyStudy = None,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Send to MLflow what a study holds; what is there already stays as it is.

    Without --tracking-uri it goes where the study was made to send it.
    """
    with stdout_kept_clean(as_json) as out:
        result = _send(study, storage, tracking_uri)
        if as_json:
            print_json(_facts(result), file=out)
        else:
            typer.echo(_words(result))
    if not result.complete:
        raise typer.Exit(FAILED)


def _send(name: str | None, storage: str | None, tracking_uri: str | None) -> SyncResult:
    from orchestrator.study.ending import is_driven
    from orchestrator.study.store import load_study, newest_study, open_storage, read_spec
    from orchestrator.study.uris import storage_uri
    from orchestrator.study.uris import tracking_uri as resolved
    from orchestrator.tracking.sync import sync as send

    uri = storage_uri(storage)
    opened = open_storage(uri)
    study = load_study(opened, name or newest_study(opened))
    elsewhere = resolved(tracking_uri) if tracking_uri else None
    # A search that runs keeps its parent run open.
    live = is_driven(study, read_spec(study))
    return send(uri, study.study_name, live=live, tracking_uri=elsewhere)


def _facts(result: SyncResult) -> dict[str, Any]:
    return {
        "study": result.study,
        "tracking_uri": result.tracking_uri,
        "parent_run_id": result.parent_run_id,
        "run_ids": result.run_ids,
        "complete": result.complete,
        "unsent": result.unsent,
    }


def _words(result: SyncResult) -> str:
    sent = f"{result.study}: {len(result.run_ids)} trials are in {result.tracking_uri}."
    return f"{sent} {result.unsent}".rstrip()
