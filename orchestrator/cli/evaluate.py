"""`orchestrator evaluate RUN_OR_MODEL`: a finished trial or a model against a split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from orchestrator.cli.answer import print_json, stdout_kept_clean
from orchestrator.cli.options import (
    DATA,
    MACHINES,
    OUTPUT,
    DataDir,
    ImageSize,
    Json,
    Storage,
    TrackingUri,
    flag,
    option,
)
from orchestrator.cli.quantities import seconds

What = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN_OR_MODEL",
        help=(
            "STUDY (its best trial), STUDY/NUMBER, a trial's folder, an MLflow run id, or a model: "
            r"models:/NAME/VERSION, models:/NAME@ALIAS. [dim]\[default: the newest study][/dim]"
        ),
        show_default=False,
    ),
]
WhichSplit = Annotated[
    Literal["train", "val", "test"],
    option("--split", "train|val|test", DATA, "Which images; test openings are counted.", "val"),
]
Data = Annotated[
    str | None,
    option("--data", "NAME", DATA, "Data for a model that no trial is known of.", "the trial's"),
]
Device = Annotated[
    str, option("--device", "DEVICE", MACHINES, "cpu, cuda or cuda:N.", "a GPU if there is one")
]
Out = Annotated[
    Path | None,
    option("--out", "FOLDER", OUTPUT, "Where files go.", "evaluation/ in the trial's folder"),
]

BestEpochBy = Annotated[
    str | None,
    option("--best-epoch", "METRIC", OUTPUT, "Tell the best epoch by this figure.", "val_loss"),
]
Corruptions = Annotated[
    str | None,
    option(
        "--corruptions",
        "all|NAME,NAME|FOLDER",
        DATA,
        "Accuracy under corruptions at 5 severities; a FOLDER holds CIFAR-10-C's files.",
        "none",
    ),
]
CorruptionImages = Annotated[
    int,
    option("--corruption-images", "N", DATA, "Images at each of them.", "1000", min=1),
]
MaskingTime = Annotated[
    str | None,
    option(
        "--masking-time",
        "TIME|none",
        DATA,
        "About so long to look for signs of masked gradients.",
        "30s",
    ),
]
NoPictures = Annotated[bool, flag("--no-pictures", OUTPUT, "Only the numbers; draw nothing.")]


def evaluate(
    what: What = None,
    split: WhichSplit = "val",
    out: Out = None,
    data: Data = None,
    data_dir: DataDir = None,
    image_size: ImageSize = None,
    device: Device = "auto",
    best_epoch: BestEpochBy = None,
    corruptions: Corruptions = None,
    corruption_images: CorruptionImages = 1000,
    masking_time: MaskingTime = None,
    no_pictures: NoPictures = False,
    storage: Storage = None,
    tracking_uri: TrackingUri = None,
    as_json: Json = False,
) -> None:
    """Evaluate a finished trial or a model: figures, confusions, calibration, worst mistakes."""
    masking = 0.0 if masking_time == "none" else seconds(masking_time)
    with stdout_kept_clean(as_json) as stream:
        from orchestrator.evaluating.evaluate import evaluating
        from orchestrator.evaluating.ready import MASKING_SECONDS, EvaluateRequest
        from orchestrator.views.evaluation_table import print_evaluated
        from orchestrator.views.stages import watched

        request = EvaluateRequest(
            what=what,
            split=split,
            out=out,
            data=data,
            data_dir=data_dir,
            image_size=image_size,
            device=device,
            pictures=not no_pictures,
            best_epoch=best_epoch,
            corruptions=corruptions,
            corruption_images=corruption_images,
            masking_seconds=MASKING_SECONDS if masking is None else masking,
            storage=storage,
            tracking_uri=tracking_uri,
        )
        found = watched(evaluating(request))
        if as_json:
            print_json(found.to_json(), file=stream)
        else:
            print_evaluated(found)
