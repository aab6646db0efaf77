"""`evaluate`: what a finished trial or a model says of the training, validation or test split.

Shapes: N images, K classes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Generator
from pathlib import Path

import numpy as np

from orchestrator.evaluating.corrupting import (
    asked_corruptions,
    check_data,
    measuring,
    write_corruptions,
)
from orchestrator.evaluating.files import PLACE, write_evaluation, write_pictures
from orchestrator.evaluating.masking import checking, write_masking
from orchestrator.evaluating.openings import count_openings, note_opening
from orchestrator.evaluating.ready import (
    CORRUPTION_IMAGES,
    MASKING_SECONDS,
    EvaluateRequest,
    Ready,
    make_ready,
)
from orchestrator.evaluating.result import Evaluated
from orchestrator.evaluating.sending import send
from orchestrator.evaluating.source import Source, find_source
from orchestrator.say import in_words, silent
from search_spaces.errors import UsageError
from trainables.driving import drive
from trainables.evaluating import Split, SplitImages, predict, split_images
from trainables.evaluation import BestEpoch, Evaluation, best_epoch_by, evaluate_split
from trainables.evaluation.best_epoch import DEFAULT
from trainables.evaluation.evaluation import Fact
from trainables.reports import Progress


def evaluate(
    what: str | Path | None = None,
    *,
    split: Split = "val",
    out: str | Path | None = None,
    data: str | None = None,
    data_dir: str | Path | None = None,
    image_size: int | None = None,
    device: str = "auto",
    pictures: bool = True,
    best_epoch: str | None = None,
    corruptions: str | None = None,
    corruption_images: int = CORRUPTION_IMAGES,
    masking_seconds: float = MASKING_SECONDS,
    storage: str | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Evaluated:
    """Hold a finished trial or a model against a split, and write what came of it.

    Args:
        what: STUDY (its best trial), `STUDY/NUMBER`, a trial's folder, an MLflow run id, or the
            URI of a model in MLflow; None for the newest study.
        split: `train`, `val` or `test`; each opening of the test split is counted.
        out: folder of the files (default: `evaluation` in the trial's folder).
        data: the data set, of a model that no trial is known of.
        data_dir, image_size: as in `search`.
        pictures: False writes the numbers only.
        best_epoch: the figure by which the training's best epoch is told (default: `val_loss`).
        corruptions: `all`, names and families (`noise,fog`), or a folder with the files of
            CIFAR-10-C, which are test images.
        corruption_images: at each corruption and severity.
        masking_seconds: about so long to look for signs of masked gradients; 0: not at all.
        progress: is given a line about once a second; `print` will do.

    Raises:
        UsageError: something that was asked for cannot be.
        UnavailableError: data, weights, MLflow or the trial's files are not to be had here.
        TrialFailed: the logits are not finite, or the model takes no images.
    """
    request = EvaluateRequest(
        what=None if what is None else str(what),
        split=split,
        out=None if out is None else Path(out),
        data=data,
        data_dir=None if data_dir is None else Path(data_dir),
        image_size=image_size,
        device=device,
        pictures=pictures,
        best_epoch=best_epoch,
        corruptions=corruptions,
        corruption_images=corruption_images,
        masking_seconds=masking_seconds,
        storage=storage,
        tracking_uri=tracking_uri,
    )
    say = progress or silent
    return drive(evaluating(request), lambda sign: say(in_words(sign)))


def evaluating(request: EvaluateRequest) -> Generator[Progress, None, Evaluated]:
    """As `evaluate`; yields signs of life."""
    started = time.monotonic()
    if request.split not in ("train", "val", "test"):
        raise UsageError("A split is train, val or test.", got=request.split)
    if request.out is not None and request.out.exists() and not request.out.is_dir():
        raise UsageError("--out names a folder.", got=str(request.out))
    asked = asked_corruptions(request.corruptions, request.split, request.corruption_images)
    yield Progress("loading data and weights")
    source = find_source(request.what, storage=request.storage, tracking=request.tracking_uri)
    source, ready = make_ready(source, request)
    check_data(asked, ready.data)
    best_epoch = _best_epoch(source, request.best_epoch)  # before the test split is opened
    images = _images(source, ready, request.split)
    logits_NK = yield from predict(ready.classify, images)
    masking = yield from checking(ready, images, request.masking_seconds)
    corrupted = yield from measuring(asked, ready, images)
    openings, counted_for = count_openings(source, ready.data)
    evaluation = _evaluation(source, ready, images, logits_NK, openings, best_epoch)
    yield Progress("drawing" if request.pictures else "writing")
    folder = request.out or _default_folder(source)
    title = f"{source.label or source.name} · {ready.data.name}"
    files = write_evaluation(folder, evaluation)
    if request.pictures:
        files += write_pictures(folder, evaluation, images, source.record, title=title)
    if masking is not None:
        files += write_masking(folder, request.split, masking, own=request.out is None)
    if corrupted is not None:
        drawn = request.pictures
        files += write_corruptions(folder, request.split, corrupted, title=title, pictures=drawn)
    unsent = send(source, files, request, masking)
    return Evaluated(
        name=source.name,
        label=source.label,
        evaluation=evaluation,
        data=ready.data.name,
        folder=folder,
        files=files,
        seconds=time.monotonic() - started,
        test_openings=openings,
        counted_for=counted_for,
        study=source.spec.name if source.spec else None,
        trial=source.trial,
        run_id=source.run_id,
        unsent=unsent,
        corruptions=corrupted,
        masking=masking,
    )


def _images(source: Source, ready: Ready, split: Split) -> SplitImages:
    if split == "test":
        note_opening(source)
    purpose = f"evaluate {source.name}"
    return split_images(ready.data, ready.splits, split, purpose=purpose)


def _evaluation(
    source: Source,
    ready: Ready,
    images: SplitImages,
    logits_NK: np.ndarray,
    openings: int,
    best_epoch: BestEpoch | None,
) -> Evaluation:
    provenance: dict[str, Fact] = {
        "evaluated": source.name,
        "label": source.label,
        "run_id": source.run_id,
        "data": ready.data.name,
        "data_digest": ready.data.digest,
        "test_openings": openings,
        "time": time.time(),
        **ready.facts,
    }
    return evaluate_split(
        logits_NK,
        images.labels_N,
        ready.data.classes,
        split=images.split,
        indices_N=images.indices_N,
        best_epoch=best_epoch,
        provenance=provenance,
    )


def _best_epoch(source: Source, asked: str | None) -> BestEpoch | None:
    """Of the training; a bare model knows nothing of it."""
    history = source.record.report.history if source.record else ()
    return best_epoch_by(history, asked or DEFAULT)


def _default_folder(source: Source) -> Path:
    """In the trial's folder; of what has none, in the working folder.

    An exported model computes in float32, its trial perhaps did not: each has a folder of its own.
    """
    if source.folder is not None:
        return source.folder / PLACE / ("model" if source.model else "")
    return Path(f"evaluation-{re.sub(r'[^A-Za-z0-9._-]+', '-', source.name).strip('-')}")
