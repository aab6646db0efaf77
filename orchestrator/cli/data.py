"""`orchestrator data`: the image data there is, and bringing it here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import OUTPUT, DataDir, ImageSize, Json, option

app = typer.Typer(no_args_is_help=True, help="List image data, fetch it, or check it.")

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="As in orchestrator data list, or folder:PATH.")
]

Out = Annotated[
    Path | None,
    option("--out", "FOLDER", OUTPUT, "Draw pairs of duplicates into this folder.", "no pictures"),
]


@app.command("list")
def list_data(as_json: Json = False) -> None:
    """List the image data there is, and what is stored here already."""
    from trainables.data import list_sources

    sources = list_sources()
    if as_json:
        print_json({"data": [vars(source) for source in sources]})
        return
    from orchestrator.views.listings import print_data

    print_data(sources)


@app.command("fetch")
def fetch(
    name: Name, data_dir: DataDir = None, image_size: ImageSize = None, as_json: Json = False
) -> None:
    """Bring data here and check it, so that a search finds it without network."""
    from trainables.data import fetch as fetch_data

    with stdout_kept_clean(as_json) as out:
        data = fetch_data(name, data_dir=data_dir, image_size=image_size, progress=_tell)
        facts: dict[str, Any] = {
            "name": data.name,
            "images": len(data.images_NHWC),
            "test_images": data.test_count,
            "image_size": data.images_NHWC.shape[1],
            "classes": list(data.classes),
            "digest": data.digest,
        }
        if as_json:
            print_json(facts, file=out)
            return
    from orchestrator.views.listings import print_fetched

    print_fetched(facts)


@app.command("check")
def check(
    name: Name,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Look for duplicates across and within splits, wrong labels, blank images, imbalance.

    Findings are warnings; the exit status is 1 only where no search can use the data.
    """
    from trainables.data.check import check_data

    with stdout_kept_clean(as_json) as stdout:
        found = check_data(name, data_dir=data_dir, image_size=image_size, out=out, progress=_tell)
        if as_json:
            print_json(found.to_json(), file=stdout)
    if not as_json:
        from orchestrator.views.data_check_text import print_check

        print_check(found)
    if found.unusable:
        raise typer.Exit(FAILED)


def _tell(message: str) -> None:
    typer.echo(message, err=True)
