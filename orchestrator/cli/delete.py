"""`orchestrator delete STUDY`: take a study away, here and in MLflow, after saying what goes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import RESULTS, Json, Storage, TrackingUri, flag

if TYPE_CHECKING:
    from orchestrator.deleting import Holdings

Study = Annotated[str, typer.Argument(metavar="STUDY", help="A name of `orchestrator list`.")]
Yes = Annotated[bool, flag("--yes", RESULTS, "Do not ask.")]
KeepRuns = Annotated[bool, flag("--keep-runs", RESULTS, "Leave what is in MLflow as it is.")]


def delete(
    study: Study,
    yes: Yes = False,
    keep_runs: KeepRuns = False,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Delete a study: its trials, their files, and its runs and models in MLflow."""
    with stdout_kept_clean(as_json) as out:
        from orchestrator.deleting import delete_study, holdings

        held = holdings(study, storage=storage, tracking_uri=tracking_uri, runs=not keep_runs)
        typer.echo(_words(held), err=as_json)
        if not yes and not typer.confirm("Delete all of this?", err=True):
            typer.echo("Nothing was deleted.", err=True)
            raise typer.Exit(FAILED)
        delete_study(held)
        if as_json:
            print_json({"deleted": held.to_json()}, file=out)
        else:
            typer.echo(f"{study} is deleted.")


def _words(held: Holdings) -> str:
    from orchestrator.views.numbers import count, si

    lines = [
        f"{held.study} holds:",
        f"  {count(held.trials)} trials in {held.storage}",
        f"  {si(held.bytes, 'B')} of files in {held.folder}",
    ]
    if held.runs is None:
        lines.append(f"  runs in {held.tracking_uri}, which stay")
    else:
        lines.append(
            f"  {count(held.runs)} runs and {count(held.models)} models in {held.tracking_uri}"
        )
    return "\n".join(lines)
