"""`orchestrator cache`: the features that are kept, and throwing them away."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from orchestrator.cli.answer import print_json
from orchestrator.cli.options import DATA, Json, option

app = typer.Typer(help="List the feature cache, or empty it.", invoke_without_command=True)

Only = Annotated[
    str | None,
    option("--backbone", "NAME", DATA, "Only the features of this backbone.", "all"),
]


@app.callback()
def cache(context: typer.Context, as_json: Json = False) -> None:
    """List the feature cache, or empty it; without a sub-command, list it."""
    if context.invoked_subcommand is None:
        list_features(as_json=as_json)


@app.command("list")
def list_features(as_json: Json = False) -> None:
    """List the kept features: backbone, input size, images, room taken, last use."""
    from trainables.features import list_cache
    from trainables.home import home

    entries = [asdict(entry) for entry in list_cache()]
    folder = str(home() / "features")
    if as_json:
        total = sum(entry["bytes"] for entry in entries)
        print_json({"folder": folder, "bytes": total, "entries": entries})
        return
    from orchestrator.views.listings import print_cache

    print_cache(entries, folder)


@app.command("empty")
def empty(backbone: Only = None, as_json: Json = False) -> None:
    """Throw the kept features away; the next search extracts them again."""
    from trainables.features import empty_cache

    freed = empty_cache(backbone=backbone)
    if as_json:
        print_json({"freed_bytes": freed})
        return
    from orchestrator.views.numbers import si

    typer.echo(f"Freed {si(freed, 'B')}.")
