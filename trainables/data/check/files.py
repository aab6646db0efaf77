"""The files behind a `folder:PATH`: which image is which file, their own sizes, the broken ones."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from statistics import median_low

from PIL import Image

from trainables.data.check.value import ClassCount, DataCheck, Originals, Split, Unreadable
from trainables.data.folder import path_and_size, train_and_test
from trainables.data.image_files import UnreadableFiles
from trainables.data.image_tree import ImageTree, find_tree
from trainables.data.source import DataRequest


@dataclass(frozen=True)
class StoredFiles:
    """The file of each stored image, by its place in its split; both empty for other data."""

    train: tuple[Path, ...] = ()
    test: tuple[Path, ...] = ()

    def file(self, split: Split, index: int) -> Path | None:
        """Where that image lies."""
        files = self.train if split == "train" else self.test
        return files[index] if files else None


def stored_files(request: DataRequest) -> StoredFiles:
    """Those of a folder, in the order in which its images are stored.

    Raises:
        UsageError: the folder is not as it must be.
    """
    if request.name != "folder":
        return StoredFiles()
    (train, _), (test, _) = train_and_test(_tree(request))
    return StoredFiles(tuple(train), tuple(test))


def originals(files: StoredFiles, size: int) -> Originals | None:
    """Read from the files' headers, without decoding; None for data that has no files."""
    sides = [_side(path) for path in (*files.train, *files.test)]
    if not sides:
        return None
    shorter = sorted(min(side) for side in sides)
    return Originals(
        smallest=shorter[0],
        median=median_low(shorter),
        largest=shorter[-1],
        enlarged=sum(side < size for side in shorter),
        cut=sum(width != height for width, height in sides),
    )


def unreadable_check(name: str, request: DataRequest, error: UnreadableFiles) -> DataCheck:
    """All that can be said of a folder with broken files: which ones, and how many are in it."""
    tree = _tree(request)
    (train, labels_N), (test, test_labels_M) = train_and_test(tree)
    counts = zip(
        _counts(labels_N.tolist(), tree), _counts(test_labels_M.tolist(), tree), strict=True
    )
    return DataCheck(
        name=name,
        digest="",
        image_size=0,
        images=len(train),
        test_images=len(test),
        classes=tuple(
            ClassCount(each, *of_each) for each, of_each in zip(tree.classes, counts, strict=True)
        ),
        unreadable=tuple(Unreadable(path, reason) for path, reason in error.broken),
    )


def _tree(request: DataRequest) -> ImageTree:
    return find_tree(path_and_size(request)[0])


def _counts(labels: list[int], tree: ImageTree) -> list[int]:
    return [labels.count(label) for label in range(len(tree.classes))]


def _side(path: Path) -> tuple[int, int]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            return image.size
