"""`orchestrator stop STUDY`: end a search that runs elsewhere, cleanly, from any terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import OUTPUT, AnyStudy, Json, Storage

Wait = Annotated[
    float,
    typer.Option(
        "--wait",
        metavar="SECONDS",
        min=0,
        rich_help_panel=OUTPUT,
        help="How long to wait until it has stopped.",
    ),
]


def stop(
    study: AnyStudy = None, wait: Wait = 60.0, storage: Storage = None, as_json: Json = False
) -> None:
    """Stop a search, as Ctrl-C in its own terminal would: running trials go on when it does."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.study.ending import stop_study

        name, stopped = stop_study(study, storage=storage, wait=wait)
        if as_json:
            print_json({"study": name, "stopped": stopped}, file=out)
        elif stopped:
            typer.echo(f"{name} has stopped; orchestrator resume {name} goes on.")
        else:
            typer.echo(f"{name} was asked to stop, and still runs after {wait:g} s.")
    if not stopped:
        raise typer.Exit(FAILED)
