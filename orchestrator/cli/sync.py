"""`orchestrator sync STUDY`: send to MLflow again what a study holds; twice changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import AnyStudy, Json, Storage, TrackingUri
from search_spaces.errors import UsageError

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
    from orchestrator.study.loading import load_study
    from orchestrator.study.uris import storage_uri
    from orchestrator.study.uris import tracking_uri as resolved
    from orchestrator.tracking.sync import sync as send

    study = load_study(name, storage=storage)
    elsewhere = resolved(tracking_uri) if tracking_uri else None
    live = _is_driven(study.spec.folder, study.study)
    return send(storage_uri(storage), study.study, live=live, tracking_uri=elsewhere)


def _is_driven(folder: Path, study: str) -> bool:
    """Whether a search runs this study right now; its parent run then stays open."""
    from orchestrator.study.lock import driver_lock

    if not folder.is_dir():
        return False
    try:
        with driver_lock(folder, study):
            return False
    except UsageError:
        return True


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
