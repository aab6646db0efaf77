"""`orchestrator show STUDY`: the ranked table of a study, again."""

from __future__ import annotations

import sys

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import AnyStudy, Json, Storage


def show(study: AnyStudy = None, storage: Storage = None, as_json: Json = False) -> None:
    """Show the ranked table of a study, also while it runs."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.study.loading import load_study

        result = load_study(study, storage=storage)
        if as_json:
            print_json(result.to_json(), file=out)
            return
    from orchestrator.cli.ranking import backbone_facts
    from orchestrator.views.console import console_for
    from orchestrator.views.ranked import print_ranked

    print_ranked(console_for(sys.stdout), result, backbone_facts(result))
