"""`orchestrator show STUDY`: the ranked table of a study, again."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import OUTPUT, AnyStudy, Json, Storage, flag
from orchestrator.views.numbers import count

NoPictures = Annotated[bool, flag("--no-pictures", OUTPUT, "Only the table; draw nothing.")]


def show(
    study: AnyStudy = None,
    no_pictures: NoPictures = False,
    storage: Storage = None,
    as_json: Json = False,
) -> None:
    """Show the ranked table of a study and draw its pictures, also while it runs."""
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
    if not no_pictures:
        _draw(result.study, storage)


def _draw(study: str, storage: str | None) -> None:
    """Pictures lie in the study's folder; what cannot be drawn or written there is said."""
    sys.stdout.flush()  # the table first: drawing takes seconds
    from orchestrator.pictures import write_pictures
    from orchestrator.study.store import load_study, open_storage, read_spec
    from orchestrator.study.uris import storage_uri

    held = load_study(open_storage(storage_uri(storage)), study)
    spec = read_spec(held)
    try:
        paths = write_pictures(held, spec, spec.folder / "pictures")
    except OSError as error:
        typer.echo(f"The pictures could not be written: {error}", err=True)
        return
    if paths:
        files = "1 file" if len(paths) == 1 else f"{count(len(paths))} files"
        typer.echo(f"  {files} with pictures: {paths[0].parent}")
