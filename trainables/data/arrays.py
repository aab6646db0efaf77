"""A stored data set as files: four arrays and `meta.json` in one folder.

`images.npy`, `labels.npy`, `test_images.npy`, `test_labels.npy`; `meta.json` says which shape, type
and size in bytes each has, and the digest of all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UnavailableError
from trainables.data.source import Decoded
from trainables.data.value import ImageData

SCHEMA = 1
ARRAYS = ("images", "labels", "test_images", "test_labels")
_DTYPES = ("uint8", "int64", "uint8", "int64")
_CHUNK_BYTES = 32 * 2**20  # hashed at a time, so that data larger than memory can be hashed


@dataclass(frozen=True)
class Stored:
    """A whole, stored data set: its folder and what `meta.json` says of it."""

    folder: Path
    meta: dict[str, Any]

    def array(self, name: str) -> np.ndarray:
        """One of `ARRAYS`, memory-mapped and read-only."""
        array: np.ndarray = np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return array

    def data(self) -> ImageData:
        """The value that everybody else works with."""
        return ImageData(
            name=self.meta["name"],
            classes=tuple(self.meta["classes"]),
            images_NHWC=self.array("images"),
            labels_N=self.array("labels"),
            test_count=self.meta["arrays"]["test_labels"]["shape"][0],
            digest=self.meta["digest"],
            folder=self.folder,
        )

    def is_as_digested(self) -> bool:
        """Whether the arrays still have the digest; reads all of them (0.4 s for CIFAR-10)."""
        found = _digest(tuple(self.meta["classes"]), *(self.array(name) for name in ARRAYS))
        return found == self.meta["digest"]


def read_folder(folder: Path) -> Stored | None:
    """What `folder` holds, if every file has the size, shape and type that `meta.json` says."""
    try:
        meta = json.loads((folder / "meta.json").read_text())
        stored = Stored(folder, meta)
        fits = meta["schema"] == SCHEMA and all(
            _said(folder / f"{name}.npy", stored.array(name)) == meta["arrays"][name]
            for name in ARRAYS  # np.load raises ValueError where a file is too short
        )
        stored.data()
    except (OSError, ValueError, KeyError, TypeError, EOFError):
        return None
    return stored if fits else None


def reopen(folder: Path, digest: str) -> ImageData:
    """The data stored in `folder`: how an `ImageData` arrives in another process.

    Raises:
        UnavailableError: it is not there, or other data has taken its place.
    """
    stored = read_folder(folder)
    if stored is None or stored.meta["digest"] != digest:
        raise UnavailableError(f"The stored data {folder} with digest {digest}")
    return stored.data()


def write_folder(folder: Path, name: str, data: Decoded) -> None:
    """Make `folder` and write `data` there, synced to the disk.

    Raises:
        OSError: it cannot be written.
    """
    folder.mkdir()
    said = {}
    for array_name, array, dtype in zip(ARRAYS, _parts(data), _DTYPES, strict=True):
        path = folder / f"{array_name}.npy"
        typed = np.asarray(array, dtype=dtype)
        _save(path, typed)
        said[array_name] = _said(path, typed)
    meta = {
        "schema": SCHEMA,
        "name": name,
        "classes": list(data.classes),
        "digest": digest_of(data),
        "route": data.route,
        "arrays": said,
    }
    with (folder / "meta.json").open("w") as file:
        json.dump(meta, file, indent=1)
        file.flush()
        os.fsync(file.fileno())


def digest_of(data: Decoded) -> str:
    """16 hex digits over class names, then shape and bytes of images and labels, train and test."""
    return _digest(data.classes, *_parts(data))


def _save(path: Path, array: np.ndarray) -> None:
    # What np.save does, but for its last step: that says "4417536 requested and 1048448 written"
    # where write() says that no space is left.
    with path.open("wb") as file:
        header = np.lib.format.header_data_from_array_1_0(np.ascontiguousarray(array))
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(array), 1000):
            file.write(np.ascontiguousarray(array[start : start + 1000]).data)
        file.flush()
        os.fsync(file.fileno())


def _parts(data: Decoded) -> tuple[np.ndarray, ...]:
    return data.images_NHWC, data.labels_N, data.test_images_NHWC, data.test_labels_N


def _said(path: Path, array: np.ndarray) -> dict[str, Any]:
    shape = list(array.shape)
    return {"shape": shape, "dtype": array.dtype.name, "bytes": path.stat().st_size}


def _digest(classes: tuple[str, ...], *arrays: np.ndarray) -> str:
    sha = hashlib.sha256(json.dumps(list(classes)).encode())
    for array, dtype in zip(arrays, ("|u1", "<i8", "|u1", "<i8"), strict=True):
        sha.update(json.dumps(list(array.shape)).encode())
        row_bytes = max(1, int(np.prod(array.shape[1:])) * np.dtype(dtype).itemsize)
        rows = max(1, _CHUNK_BYTES // row_bytes)
        for start in range(0, len(array), rows):
            sha.update(np.ascontiguousarray(array[start : start + rows], dtype=dtype).data)
    return sha.hexdigest()[:16]
