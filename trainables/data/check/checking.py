"""`check_data`: one look at a data set for what would spoil a result.

It reads test images and labels, since a duplicate across the splits cannot be found otherwise. That
goes through the one door (`open_test`) as every look at them, and is written down as one that
measures nothing: no model sees them. What leaves this room of the test labels is their number by
class, and the labels of test images that are duplicates of training images.

Shapes: N training images, M test images.
"""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from search_spaces.errors import UsageError
from trainables.data.check.blank import blank_indices
from trainables.data.check.files import StoredFiles, originals, stored_files, unreadable_check
from trainables.data.check.pairs import Labelled, duplicate_pairs
from trainables.data.check.picture import draw_pairs
from trainables.data.check.value import Blank, ClassCount, DataCheck, Split
from trainables.data.image_files import UnreadableFiles
from trainables.data.loading import fetch
from trainables.data.source import DataRequest, Tell, silent
from trainables.data.test_split import open_test
from trainables.data.value import ImageData

PURPOSE = "a search for duplicates (orchestrator data check)"


def check_data(
    name: str,
    *,
    data_dir: str | Path | None = None,
    image_size: int | None = None,
    out: str | Path | None = None,
    progress: Tell | None = None,
) -> DataCheck:
    """Duplicates across and within splits, labels that disagree, blank and unreadable images.

    Args:
        name: a registered source, or `folder:PATH`; fetched where it is not here yet.
        data_dir, image_size: as for `load`.
        out: a folder, made if missing, for pictures of the pairs.
        progress: is told, in words, what takes a while (60,000 images: about a minute).

    Raises:
        UsageError: no such source, a folder that is not as it must be, an `out` that is a file.
        UnavailableError: the data cannot be had here.
    """
    started, tell = time.monotonic(), progress or silent
    folder = _out_folder(out)
    source, _, argument = name.partition(":")
    request = DataRequest(source, argument, Path(data_dir) if data_dir else None, image_size)
    try:
        data = fetch(name, data_dir=request.data_dir, image_size=image_size, progress=tell)
    except UnreadableFiles as error:
        found = unreadable_check(name, request, error)
    else:
        found = _checked(data, stored_files(request), folder, tell)
    return replace(found, seconds=time.monotonic() - started)


def _checked(data: ImageData, files: StoredFiles, out: Path | None, tell: Tell) -> DataCheck:
    train = data.images_NHWC, data.labels_N
    test = _test_split(data)
    pairs = tuple(duplicate_pairs(data.classes, train, test, files, tell))
    return DataCheck(
        name=data.name,
        digest=data.digest,
        image_size=data.image_size,
        images=len(train[1]),
        test_images=len(test[1]),
        classes=_class_counts(data.classes, train[1], test[1]),
        pairs=pairs,
        blank=tuple(_blank(data.classes, train, test, files)),
        originals=originals(files, data.image_size),
        pictures=draw_pairs(pairs, train[0], test[0], out) if out is not None else (),
    )


def _test_split(data: ImageData) -> Labelled:
    if not data.test_count or data.folder is None:
        return data.images_NHWC[:0], data.labels_N[:0]
    return open_test(data, purpose=PURPOSE, evaluation=False)


def _class_counts(
    classes: tuple[str, ...], labels_N: np.ndarray, test_labels_M: np.ndarray
) -> tuple[ClassCount, ...]:
    train, test = (np.bincount(each, minlength=len(classes)) for each in (labels_N, test_labels_M))
    return tuple(
        ClassCount(name, int(train[label]), int(test[label])) for label, name in enumerate(classes)
    )


def _blank(
    classes: tuple[str, ...], train: Labelled, test: Labelled, files: StoredFiles
) -> list[Blank]:
    splits: tuple[tuple[Split, Labelled], ...] = (("train", train), ("test", test))
    return [
        Blank(split, index, classes[labels_N[index]], files.file(split, index))
        for split, (images_NHWC, labels_N) in splits
        for index in blank_indices(images_NHWC)
    ]


def _out_folder(out: str | Path | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out).expanduser().absolute()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out names a folder that can be made: {error}.") from None
    return folder
