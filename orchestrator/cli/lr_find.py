"""`orchestrator lr-find`: a learning rate range test, its suggestions and its picture."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.failing import FAILED
from orchestrator.cli.options import (
    BODIES,
    DATA,
    OUTPUT,
    SEARCH,
    DataDir,
    ImageSize,
    Json,
    WeightsDir,
    option,
)
from orchestrator.cli.quantities import several
from orchestrator.cli.request_options import IN_PROPORTION
from search_spaces.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.lr_finding import LrRequest
    from orchestrator.lr_found import FoundLr

SWEEP = "The sweep"

Backbone = Annotated[
    str | None,
    option(
        "--backbone", "NAME", BODIES, "A name of `orchestrator backbones`.", "tf_efficientnet_lite0"
    ),
]
Data = Annotated[
    str | None, option("--data", "NAME", DATA, "cifar10, digits or folder:PATH.", "cifar10")
]
Weights = Annotated[
    Literal["pretrained", "random"] | None,
    option("--weights", "pretrained|random", BODIES, "Where bodies start.", "pretrained"),
]
TrainSize = Annotated[
    int | None,
    option("--train-size", "IMAGES", DATA, "Labelled training images.", IN_PROPORTION, min=1),
]
Settings = Annotated[
    list[str] | None,
    option(
        "--set",
        "KEY=VALUE",
        SEARCH,
        "Fix a field of the trial's config, such as tune=all; once for each field.",
        "none",
    ),
]
Seed = Annotated[
    int | None,
    option("--seed", "N", SWEEP, "Seed of the split and of the first sweep.", "0", min=0),
]
Seeds = Annotated[
    int,
    option(
        "--seeds", "N", SWEEP, "Sweeps, each with the next seed; their mean counts.", "1", min=1
    ),
]
Steps = Annotated[
    int | None, option("--steps", "N", SWEEP, "Training steps of a sweep.", "100", min=10)
]
LrMin = Annotated[
    float | None, option("--lr-min", "LR", SWEEP, "Learning rate of the first step.", "1e-7")
]
LrMax = Annotated[
    float | None, option("--lr-max", "LR", SWEEP, "Learning rate of the last step.", "10")
]
Out = Annotated[
    Path | None,
    option(
        "--out",
        "FILE",
        OUTPUT,
        "The picture, a .png; with a .json the curve as well, the picture beside it.",
        "lr-find-BACKBONE.png in the working folder",
    ),
]


def lr_find(
    backbone: Backbone = None,
    data: Data = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    train_size: TrainSize = None,
    weights: Weights = None,
    weights_dir: WeightsDir = None,
    settings: Settings = None,
    seed: Seed = None,
    seeds: Seeds = 1,
    steps: Steps = None,
    lr_min: LrMin = None,
    lr_max: LrMax = None,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Suggest a learning rate: train a few steps at a rising one, and look where the loss falls.

    Nothing of it stays trained. A search does the same for each backbone with --set lr_factor=1.
    """
    from orchestrator.lr_finding import LrRequest, asked_config, asked_span

    request = LrRequest(
        backbone=backbone,
        data=data,
        data_dir=data_dir,
        image_size=image_size,
        train_size=train_size,
        weights=weights,
        weights_dir=weights_dir,
        settings=several(settings),
        seed=seed,
        seeds=seeds,
        steps=steps,
        lr_min=lr_min,
        lr_max=lr_max,
    )
    config, _ = asked_config(request), asked_span(request)
    files = _files(out, config.backbone)
    _find(request, files, as_json=as_json)


def _find(request: LrRequest, files: tuple[Path, Path | None], *, as_json: bool) -> None:
    """Make the test, write the files, say what it found; exit status 1 if that is nothing."""
    from orchestrator.lr_finding import finding
    from orchestrator.views.lr_find_table import print_found
    from orchestrator.views.stages import watched

    with stdout_kept_clean(as_json) as out:
        found = watched(finding(request))
        _write(found, *files)
        if as_json:
            print_json({**found.to_json(), "picture": str(files[0])}, file=out)
        else:
            print_found(found, files[0], files[1])
    if found.lr is None:
        raise typer.Exit(FAILED)


def _files(out: Path | None, backbone: str) -> tuple[Path, Path | None]:
    """The picture's file, and the curve's if it is wanted.

    Raises:
        UsageError: neither .png nor .json, or in a folder that there is not.
    """
    name = re.sub(r"[^\w.-]+", "-", backbone)
    out = out or Path(f"lr-find-{name}.png")
    if out.suffix not in (".png", ".json"):
        raise UsageError("--out names a .png or a .json.", got=str(out))
    if not out.absolute().parent.is_dir():
        raise UsageError("--out names a file in a folder that exists.", got=str(out))
    return (out, None) if out.suffix == ".png" else (out.with_suffix(".png"), out)


def _write(found: FoundLr, picture: Path, curve: Path | None) -> None:
    from trainables.atomic import write_file, write_json

    png = found.png
    write_file(picture.absolute(), lambda beside: beside.write_bytes(png))
    if curve is not None:
        write_json(curve.absolute(), found.to_json())
