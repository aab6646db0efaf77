"""`orchestrator list`: the studies of a storage."""

from __future__ import annotations

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import Json, Storage


def list_studies(storage: Storage = None, as_json: Json = False) -> None:
    """List the studies in the storage, newest first: how far each is, and its best trial."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.cli.study_facts import studies_in

        place, rows = studies_in(storage)
        if as_json:
            print_json({"storage": place, "studies": rows}, file=out)
            return
    from orchestrator.views.listings import print_studies

    print_studies(rows)
