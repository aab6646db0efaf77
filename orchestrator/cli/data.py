"""`orchestrator data`: the image data there is, and bringing it here."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import DataDir, ImageSize, Json

app = typer.Typer(no_args_is_help=True, help="List image data, or fetch it.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="cifar10, digits or folder:PATH.")]


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


def _tell(message: str) -> None:
    typer.echo(message, err=True)
