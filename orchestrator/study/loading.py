"""Loads a study by name, as it stands."""

from __future__ import annotations

from orchestrator.results import SearchResult
from orchestrator.study import store
from orchestrator.study.reading import read_trials
from orchestrator.study.uris import masked, storage_uri
from orchestrator.tracking.result import read_result


def load_study(name: str | None = None, *, storage: str | None = None) -> SearchResult:
    """What a study holds; a search that is running may be looked at, too.

    Args:
        name: the study's (default: the newest in the storage).
        storage: an Optuna URL (default: `sqlite:///optuna.db` in the working folder).

    Raises:
        UsageError: there is no such study, or none at all; names those there are.
        UnavailableError: the storage cannot be opened.
    """
    uri = storage_uri(storage)
    opened = store.open_storage(uri)
    study = store.load_study(opened, name or store.newest_study(opened))
    spec = store.read_spec(study)
    sent = read_result(spec.folder)
    return SearchResult(
        spec=spec,
        storage=masked(uri),
        results=read_trials(study, sent.run_ids if sent else {}),
        parent_run_id=sent.parent_run_id if sent else None,
        unsent=sent.unsent if sent else "",
    )
