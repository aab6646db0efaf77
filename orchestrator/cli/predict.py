"""`orchestrator predict MODEL PATH...`: what a model says of image files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import MACHINES, OUTPUT, Json, TrackingUri, flag, option

Model = Annotated[
    str,
    typer.Argument(
        metavar="MODEL",
        help=(
            "NAME@ALIAS, NAME/VERSION, NAME (its champion), models:/ID, or a model's folder. "
            "Nothing in its files is run."
        ),
        show_default=False,
    ),
]
Paths = Annotated[
    list[Path],
    typer.Argument(
        metavar="PATH...",
        help="Image files, and folders that are searched for PNG and JPEG files.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    option("--out", "FILE.csv", OUTPUT, "Write the table there.", "standard output"),
]
Every = Annotated[bool, flag("--all", OUTPUT, "Also the probability of every class.")]
Top = Annotated[
    int, option("--top", "K", OUTPUT, "The K most likely classes of each image.", "1", min=1)
]
BatchSize = Annotated[
    int,
    option("--batch-size", "N", MACHINES, "Images that are answered at once.", "32", min=1),
]
Device = Annotated[str, option("--device", "DEVICE", MACHINES, "cpu, cuda, cuda:N or auto.", "cpu")]


def predict(
    model: Model,
    paths: Paths,
    out: Out = None,
    every_class: Every = False,
    top: Top = 1,
    batch_size: BatchSize = 32,
    device: Device = "cpu",
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Ask a model about image files: label and probability of each, as CSV or JSON.

    Files that cannot be read are named with the reason, and the status is 1 then.
    """
    with stdout_kept_clean(True) as stream:
        from orchestrator.using.output import check_output, write_output
        from orchestrator.using.predicting import predicting
        from orchestrator.views.predictions_text import print_summary
        from orchestrator.views.stages import watched

        if out is not None:
            check_output(out)
        steps = predicting(
            model, paths, batch_size=batch_size, device=device, tracking_uri=tracking_uri
        )
        found = watched(steps)
        table = found.csv(top=top, every_class=every_class)
        if out is not None:
            write_output(out, table)
        if as_json:
            print_json(found.to_json(top=top, every_class=every_class), file=stream)
        elif out is None:
            stream.write(table)
            stream.flush()
        print_summary(found, out)
    if found.failed:
        raise typer.Exit(FAILED)
