"""`orchestrator search SPACE`: plan it, say what it will do, run it, rank what came out."""

from __future__ import annotations

from orchestrator.cli.options import DryRun, Json
from orchestrator.cli.request_options import takes_request
from orchestrator.request import SearchRequest


@takes_request
def search(request: SearchRequest, dry_run: DryRun = False, as_json: Json = False) -> None:
    """Try the configurations of a search space in parallel, and rank them.

    Ctrl-C once ends it cleanly; orchestrator resume STUDY goes on from there.
    """
    from orchestrator.cli.searching import plan_and_run

    plan_and_run(request, dry_run=dry_run, as_json=as_json)
