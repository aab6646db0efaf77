"""`orchestrator label`: which images to label next, and what was labelled as `folder:` data."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import BODIES, DATA, OUTPUT, SEARCH, Json, WeightsDir, option

app = typer.Typer(no_args_is_help=True, help="Choose images for people to label; collect them.")

Images = Annotated[
    Path, typer.Argument(metavar="IMAGES", help="Folder of PNG or JPEG files, unsorted.")
]
Sheets = Annotated[
    list[Path] | None,
    option("--labels", "FILE", DATA, "A sheet that was filled in; once for each.", "none"),
]
Budget = Annotated[int, option("--budget", "IMAGES", SEARCH, "Images to label.", "50", min=1)]
Subset = Annotated[
    str | None,
    option(
        "--subset",
        "STRATEGY",
        SEARCH,
        "How they are chosen, such as coreset or entropy.",
        "typiclust, and margin once two classes are labelled",
    ),
]
Backbone = Annotated[
    str | None,
    option("--backbone", "NAME", BODIES, "Whose features count.", "tf_efficientnet_lite0"),
]
InputSize = Annotated[
    int | None,
    option("--input-size", "PIXELS", BODIES, "Pixels a side it sees.", "its own", min=8, max=1024),
]
Seed = Annotated[int, option("--seed", "N", SEARCH, "Of what is left to chance.", "0", min=0)]
Out = Annotated[
    Path,
    option("--out", "FILE", OUTPUT, "The new sheet, a CSV file.", "to_label.csv"),
]
Into = Annotated[
    Path, option("--into", "FOLDER", OUTPUT, "Where copies go, a folder a label.", "labelled")
]


@app.command("next")
def next_ones(
    images: Images,
    budget: Budget = 50,
    labels: Sheets = None,
    subset: Subset = None,
    backbone: Backbone = None,
    input_size: InputSize = None,
    weights_dir: WeightsDir = None,
    seed: Seed = 0,
    out: Out = Path("to_label.csv"),
    as_json: Json = False,
) -> None:
    """Write a sheet with the images that are worth labelling next; fill in its column label."""
    from orchestrator.labelling import next_to_label

    fields = {"backbone": backbone, "input_size": input_size, "weights_dir": weights_dir}
    with stdout_kept_clean(as_json) as stdout:
        batch = next_to_label(
            images,
            out,
            budget=budget,
            labels=labels or (),
            subset=subset,
            seed=seed,
            progress=lambda line: typer.echo(line, err=True),
            **{name: value for name, value in fields.items() if value is not None},
        )
        if as_json:
            print_json(batch.to_json(), file=stdout)
            return
    from orchestrator.views.label_text import print_batch

    print_batch(batch, images)


@app.command("collect")
def collect(
    images: Images,
    labels: Sheets = None,
    into: Into = Path("labelled"),
    as_json: Json = False,
) -> None:
    """Copy labelled images into a folder a label, for orchestrator search --data folder:PATH."""
    from orchestrator.labelling import collect_labels

    with stdout_kept_clean(as_json) as stdout:
        found = collect_labels(images, into, labels=labels or ())
        if as_json:
            print_json(found.to_json(), file=stdout)
            return
    from orchestrator.views.label_text import print_collected

    print_collected(found)
