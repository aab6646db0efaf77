"""`orchestrator models`: registered models, their versions, aliases and figures."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import Json, TrackingUri

Name = Annotated[
    str | None,
    typer.Argument(
        metavar="NAME",
        help=r"A registered model. [dim]\[default: all of them][/dim]",
        show_default=False,
    ),
]


def models(name: Name = None, tracking_uri: TrackingUri = None, as_json: Json = False) -> None:
    """List registered models: versions, who is champion, and on what figures."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.promoting.listing import models as list_models
        from orchestrator.study.uris import masked
        from orchestrator.study.uris import tracking_uri as resolved

        found = list_models(name, tracking_uri=tracking_uri)
        place = masked(resolved(tracking_uri))
        if as_json:
            rows = [version.to_json() for version in found]
            print_json({"tracking_uri": place, "versions": rows}, file=out)
            return
    from orchestrator.views.models_table import print_models

    print_models(found, place)
