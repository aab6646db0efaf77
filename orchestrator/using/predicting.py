"""`predict`: what a model says of image files; files that cannot be read don't stop the rest."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.say import in_words, silent
from orchestrator.using.files import image_paths
from orchestrator.using.images import BadImage, read_image
from orchestrator.using.predictions import Predictions
from search_spaces.errors import UsageError
from trainables.driving import drive
from trainables.reports import Progress

if TYPE_CHECKING:
    import pandas as pd

    from orchestrator.using.classifier import LoadedClassifier

BATCH = 32
_READERS = 4  # threads that decode; more images than a batch are never held


def predict(
    model: str | LoadedClassifier,
    paths: str | Path | Iterable[str | Path],
    *,
    top: int = 1,
    every_class: bool = False,
    batch_size: int = BATCH,
    device: str = "cpu",
    tracking_uri: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """What a model says of image files, as a DataFrame: a row a file.

    Columns: `path`, `label`, `probability`, with `top` also `label_2`, `probability_2` and so on,
    with `every_class` a column `p.NAME` for each class; `error` is the reason where a file could
    not be read, whose row is at the end.

    Args:
        model: as in `load_classifier`, or what that gave.
        paths: files, and folders that are searched for PNG and JPEG files.
        progress: is given a line about once a second; `print` will do.

    Raises:
        as `load_classifier`; UsageError: no image is named.
    """
    named = [paths] if isinstance(paths, str | Path) else list(paths)
    say = progress or silent
    steps = predicting(
        model, named, batch_size=batch_size, device=device, tracking_uri=tracking_uri
    )
    found = drive(steps, lambda sign: say(in_words(sign)))
    return found.frame(top=top, every_class=every_class)


def predicting(
    model: str | LoadedClassifier,
    paths: Sequence[str | Path],
    *,
    batch_size: int = BATCH,
    device: str = "cpu",
    tracking_uri: str | None = None,
) -> Generator[Progress, None, Predictions]:
    """As `predict`; yields signs of life."""
    if batch_size < 1:
        raise UsageError("A batch has one image or more.", got=batch_size)
    files = image_paths(paths)
    yield Progress("loading the model")
    from orchestrator.using.loading import load_classifier

    if isinstance(model, str):
        model = load_classifier(model, tracking_uri=tracking_uri, device=device)
    began = time.monotonic()
    read: list[Path] = []
    failed: list[tuple[Path, str]] = []
    parts = [np.zeros((0, len(model.classes)), np.float32)]
    with ThreadPoolExecutor(_READERS) as pool:
        for start in range(0, len(files), batch_size):
            yield Progress("predicting", start, len(files))
            batch = files[start : start + batch_size]
            images = list(pool.map(_try_read, batch, [model.input_hint] * len(batch)))
            good = [at for at, image in enumerate(images) if not isinstance(image, str)]
            read += [batch[at] for at in good]
            failed += [(batch[at], said) for at, said in enumerate(images) if isinstance(said, str)]
            parts += _answers(model, [images[at] for at in good])
    return Predictions(
        model=model.uri,
        classes=model.classes,
        paths=tuple(read),
        probabilities_NK=np.concatenate(parts),
        failed=tuple(failed),
        seconds=time.monotonic() - began,
    )


def _answers(model: LoadedClassifier, images: Sequence[np.ndarray | str]) -> list[np.ndarray]:
    """Probabilities; images in a row that have one size go together."""
    parts: list[np.ndarray] = []
    group: list[np.ndarray] = []
    for image in images:
        assert not isinstance(image, str)
        if group and group[0].shape != image.shape:
            parts.append(model.predict(np.stack(group)))
            group = []
        group.append(image)
    return [*parts, model.predict(np.stack(group))] if group else parts


def _try_read(path: Path, size: int | None) -> np.ndarray | str:
    try:
        return read_image(path, size=size)
    except BadImage as error:
        return error.reason
