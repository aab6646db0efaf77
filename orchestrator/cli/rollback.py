"""`orchestrator rollback NAME`: the champion before is the champion again."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import Json, TrackingUri

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="A registered model of `orchestrator models`.")
]


def rollback(name: Name, tracking_uri: TrackingUri = None, as_json: Json = False) -> None:
    """Give the place back to the champion before; a second rollback undoes the first."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.promoting.rollback import rollback as roll_back

        found = roll_back(name, tracking_uri=tracking_uri)
        if as_json:
            print_json(found.to_json(), file=out)
    if not as_json:
        typer.echo(found.sentence, err=not found.done)
    if not found.done:
        raise typer.Exit(FAILED)
