"""Finds the classes and the image files of a folder, without opening any of them."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from search_spaces.errors import UsageError

SUFFIXES = (".png", ".jpg", ".jpeg")
_SPLIT_NAMES = {"train", "test", "val", "valid", "validation", "dev"}


@dataclass(frozen=True)
class ImageTree:
    """The files of one folder, in ImageFolder's order: classes sorted, then paths sorted.

    Args:
        classes: names of the class folders, sorted; index = label.
        files: training images (all images, where there is no official test split).
        labels: the label of each of `files`.
        test_files: official test images, or nothing.
        test_labels: the label of each of `test_files`.
        ignored: split folders that are not used (`val`).
    """

    root: Path
    classes: tuple[str, ...]
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    test_files: tuple[Path, ...] = ()
    test_labels: tuple[int, ...] = ()
    ignored: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """12 hex digits over names, sizes and modification times: changes when a file does."""
        sha = hashlib.sha256(repr(self.classes).encode(errors="surrogateescape"))
        for path in (*self.files, None, *self.test_files):
            if path is None:
                sha.update(b"test")
                continue
            sha.update(os.fsencode(path.relative_to(self.root)) + _state(path))
        return sha.hexdigest()[:12]


def _state(path: Path) -> bytes:
    try:
        state = path.stat()
    except OSError:  # a link to nothing: named as unreadable when it comes to decoding
        return b"\0gone\n"
    return f"\0{state.st_size}\0{state.st_mtime_ns}\n".encode()


def find_tree(root: Path) -> ImageTree:
    """The images under `root`: `train/` and `test/` where both hold class folders, else all of it.

    Raises:
        UsageError: no such folder, nothing in it, one class, a class without images, classes that
            only the test split has, or `train/` and `val/` without `test/`.
    """
    if not root.is_dir():
        raise UsageError("folder: needs a folder that exists.", got=str(root))
    folders = _folders(root)
    splits = [name for name in folders if name.lower() in _SPLIT_NAMES and _folders(root / name)]
    if {"train", "test"} <= set(splits):
        return _official(root, tuple(sorted({*splits} - {"train", "test"})))
    if splits and len(splits) == len(folders):
        raise UsageError(
            f"{root} holds the splits {', '.join(splits)}; train and test must both be there.",
            hint=f"folder:{root / splits[0]} uses one of them and keeps 20 % of it for testing.",
        )
    classes = _classes(root)
    files, labels = _files(root, classes)
    return ImageTree(root, classes, files, labels)


def _official(root: Path, ignored: tuple[str, ...]) -> ImageTree:
    classes = _classes(root / "train")
    strange = sorted({*_folders(root / "test")} - {*classes})
    if strange:
        raise UsageError(
            f"Every class of {root / 'test'} must be in {root / 'train'}.", got=strange[:10]
        )
    of_test = tuple(name for name in classes if (root / "test" / name).is_dir())
    test_files, test_labels = _files(root / "test", of_test)
    as_trained = tuple(classes.index(of_test[label]) for label in test_labels)
    train = _files(root / "train", classes)
    return ImageTree(root, classes, *train, test_files, as_trained, ignored)


def _classes(root: Path) -> tuple[str, ...]:
    classes = tuple(_folders(root))
    if len(classes) < 2:
        loose = sum(path.suffix.lower() in SUFFIXES for path in root.iterdir())
        there = f"{', '.join(classes) or 'no folder'}; {loose} images beside them"
        raise UsageError(f"{root} must hold one folder a class, two at least.", got=there)
    return classes


def _folders(root: Path) -> list[str]:
    return sorted(
        entry.name
        for entry in _scan(root)
        if entry.is_dir() and not entry.name.startswith((".", "__MACOSX"))
    )


def _files(root: Path, classes: tuple[str, ...]) -> tuple[tuple[Path, ...], tuple[int, ...]]:
    found: list[tuple[Path, int]] = []
    for label, name in enumerate(classes):
        paths = _images_under(root / name)
        if not paths:
            kinds = ", ".join(SUFFIXES)
            raise UsageError(
                f"Every class folder must hold images ({kinds}).", got=str(root / name)
            )
        found += [(path, label) for path in paths]
    return tuple(path for path, _ in found), tuple(label for _, label in found)


def _images_under(folder: Path) -> list[Path]:
    # Hidden: "._x.png" of macOS, and the copies in ".ipynb_checkpoints".
    return [
        Path(parent, name)
        for parent, _, names in sorted(os.walk(folder, onerror=_refuse, followlinks=True))
        for name in sorted(names)
        if name.lower().endswith(SUFFIXES)
        and not any(part.startswith(".") for part in Path(parent, name).relative_to(folder).parts)
    ]


def _scan(root: Path) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(root))
    except OSError as error:
        _refuse(error)
        raise


def _refuse(error: OSError) -> None:
    # os.walk would leave out in silence what it may not look into.
    raise UsageError(f"Every folder must be readable: {error}.")
