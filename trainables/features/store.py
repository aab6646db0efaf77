"""The features of one key: a folder of segments, and the lock of whoever adds to it.

Shapes: N rows asked for, U different images among them, F features.

    features/<slug>/key.json   the key in words
    features/<slug>/*.seg      segments (see segment.py), never changed once there
    features/<slug>/used       empty; its modification time is the last use
    features/<slug>.lock       held while extracting; never unlinked, lest two hold it at once
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from filelock import BaseFileLock, FileLock

from trainables.features.key import FeatureKey
from trainables.features.segment import (
    SUFFIX,
    TEMPORARY,
    BrokenSegment,
    Segment,
    open_segment,
    write_segment,
)

log = logging.getLogger(__name__)


class FeatureStore:
    """Reads and adds to the features of `key` under `root` (the cache's folder)."""

    def __init__(self, root: Path, key: FeatureKey) -> None:
        self.key = key
        self.folder = root / key.slug

    def lock(self) -> BaseFileLock:
        """A new lock, not yet taken. The OS frees it when its process dies, SIGKILL included."""
        # Not thread-local: a generator may be closed by another thread than the one that ran it.
        return FileLock(lock_path(self.folder), thread_local=False)

    def prepare(self) -> None:
        """Makes the folder and clears what a killed process left; for the lock's holder only.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(f"*{TEMPORARY}"):
            left.unlink(missing_ok=True)
        key_file = self.folder / "key.json"
        if not key_file.exists():
            temporary = key_file.with_suffix(TEMPORARY)
            temporary.write_text(self.key.to_json())
            temporary.replace(key_file)

    def add(self, indices_M: np.ndarray, features_MF: np.ndarray) -> None:
        """Keeps features of images that are not here yet; ascending indices, float32 rows.

        Raises:
            OSError: they cannot be written; nothing half is left.
        """
        write_segment(self.folder, indices_M, features_MF)

    def count(self, wanted_U: np.ndarray) -> int:
        """How many of `wanted_U` (ascending, each once) are here, going by the headers."""
        found_U = np.zeros(len(wanted_U), bool)
        for segment in self._segments():
            found_U[_matches(wanted_U, segment.indices_M)[0]] = True
        return int(found_U.sum())

    def read(self, wanted_U: np.ndarray) -> tuple[np.ndarray | None, np.ndarray]:
        """What is here of `wanted_U` (ascending, each once); broken segments are dropped.

        Returns:
            features_UF float32, only the found rows set (None where nothing is here); found_U bool.
        """
        features_UF: np.ndarray | None = None
        found_U = np.zeros(len(wanted_U), bool)
        for segment in self._segments():
            where, rows = _matches(wanted_U, segment.indices_M)
            new = ~found_U[where]
            where, rows = where[new], rows[new]
            if not len(where):
                continue
            if features_UF is None:
                features_UF = np.empty((len(wanted_U), segment.features), np.float32)
            try:
                if segment.features != features_UF.shape[1]:
                    raise BrokenSegment(f"{segment.path}: another number of features")
                segment.read_into(features_UF, where, rows)
            except BrokenSegment as broken:
                _drop(segment.path, broken)
            else:
                found_U[where] = True
        return (features_UF if found_U.any() else None), found_U

    def touch(self) -> None:
        """Notes that the key is in use; in a read-only cache it goes unnoted."""
        try:
            (self.folder / "used").touch()
        except OSError:
            log.debug("%s: its last use cannot be noted", self.folder)

    def _segments(self) -> Iterator[Segment]:
        for path in segment_paths(self.folder):
            try:
                yield open_segment(path)
            except BrokenSegment as broken:
                _drop(path, broken)
            except FileNotFoundError:
                continue  # evicted since the folder was listed
            except OSError as error:
                log.warning("%s cannot be read: %s", path, error)


def lock_path(folder: Path) -> Path:
    """The lock file of a key's folder, beside it."""
    return folder.with_name(folder.name + ".lock")


def segment_paths(folder: Path) -> list[Path]:
    """The segments of a key's folder by name; none where it is not there or cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry) for entry in entries if entry.name.endswith(SUFFIX))
    except OSError:
        return []


def _matches(wanted_U: np.ndarray, have_M: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions in `wanted_U` and in `have_M` (both ascending) of the images in both."""
    if not len(wanted_U):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    where_M = np.searchsorted(wanted_U, have_M).clip(max=len(wanted_U) - 1)
    rows = np.flatnonzero(wanted_U[where_M] == have_M)
    return where_M[rows], rows


def _drop(path: Path, broken: BrokenSegment) -> None:
    log.warning("Dropped a segment of cached features; its images are extracted again. %s", broken)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.warning("%s is broken and cannot be removed: %s", path, error)
