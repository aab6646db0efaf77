"""The cache as a whole: what it holds, how it is kept within its bound, how it is emptied."""

from __future__ import annotations

import logging
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from search_spaces.errors import UnavailableError
from trainables.features.key import FeatureKey
from trainables.features.segment import BrokenSegment, open_segment
from trainables.features.store import lock_path, segment_paths
from trainables.home import home

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CacheEntry:
    """The cached features of one key.

    Args:
        images: different images whose features are here.
        bytes: on disk.
        last_used: seconds since 1970.
    """

    key: FeatureKey
    images: int
    bytes: int
    last_used: float
    folder: Path


def cache_root() -> Path:
    """The folder of the feature cache; it need not be there yet."""
    return home() / "features"


def list_cache() -> list[CacheEntry]:
    """What the feature cache holds, the most recently used first.

    Raises:
        UnavailableError: the cache's folder cannot be read.
    """
    entries = []
    for folder in _folders(cache_root()):
        try:
            key = FeatureKey.from_json((folder / "key.json").read_text())
        except (OSError, ValueError):
            continue  # made this instant, or not ours
        entries.append(CacheEntry(key, _images(folder), _bytes(folder), _last_used(folder), folder))
    return sorted(entries, key=lambda entry: entry.last_used, reverse=True)


def empty_cache(*, backbone: str | None = None) -> int:
    """Removes cached features, of one backbone only if named; a key being extracted stays.

    Returns:
        bytes freed.

    Raises:
        UnavailableError: the cache's folder cannot be read or written.
    """
    freed = 0
    for folder in _folders(cache_root()):
        if backbone is not None and _backbone(folder) != backbone:
            continue
        try:
            freed += _remove(folder)
        except OSError as error:
            raise UnavailableError(
                f"Emptying the feature cache {cache_root()}", [(str(folder), str(error))]
            ) from None
    return freed


def keep_within(root: Path, limit_bytes: float, *, in_use: Path) -> int:
    """Removes least recently used keys until all take `limit_bytes` or less; never `in_use`.

    A key that another process is extracting stays too. One that another process is reading goes:
    its open files stay readable there until it is done.

    Returns:
        bytes freed.
    """
    sizes = {folder: _bytes(folder) for folder in _folders(root)}
    excess = sum(sizes.values()) - limit_bytes
    freed = 0
    for folder in sorted(sizes, key=_last_used):
        if freed >= excess:
            break
        if folder == in_use or not sizes[folder]:
            continue
        try:
            freed += _remove(folder)
        except OSError as error:
            log.warning("%s cannot be removed from the feature cache: %s", folder, error)
    return freed


def _folders(root: Path) -> list[Path]:
    try:
        return sorted(path for path in root.iterdir() if path.is_dir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UnavailableError(f"The feature cache {root}", [("read", str(error))]) from None


def _remove(folder: Path) -> int:
    lock = FileLock(lock_path(folder), thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return 0  # being extracted
    try:
        size = _bytes(folder)
        shutil.rmtree(folder)
        return size
    finally:
        lock.release()


def _bytes(folder: Path) -> int:
    total = 0
    for path in segment_paths(folder):
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue  # evicted meanwhile
    return total


def _images(folder: Path) -> int:
    indices = [np.empty(0, np.int64)]
    for path in segment_paths(folder):
        try:
            indices.append(open_segment(path).indices_M)
        except (BrokenSegment, OSError):
            continue  # counts for nothing: it will be dropped when it is read
    return len(np.unique(np.concatenate(indices)))


def _last_used(folder: Path) -> float:
    for path in (folder / "used", folder):
        try:
            return path.stat().st_mtime
        except OSError:
            continue
    return 0.0


def _backbone(folder: Path) -> str | None:
    try:
        return FeatureKey.from_json((folder / "key.json").read_text()).backbone
    except (OSError, ValueError):
        return None
