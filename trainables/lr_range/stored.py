"""Range tests that were made before: one small file each, shared by all processes of a user.

<home>/lr_range/<digest>.json   the fields of `RangeKey`, the range test, measured (unix)
<home>/lr_range/<digest>.lock   held by the process that makes the test
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import logging
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout

from search_spaces.errors import UnavailableError, UsageError
from trainables.atomic import write_json
from trainables.home import home, home_folder
from trainables.lr_range.several import RangeTest
from trainables.reports import Progress

log = logging.getLogger(__name__)
_FOLDER = "lr_range"
_POLL_SECONDS = 1.0

Making = Generator[Progress, None, RangeTest]
"""Signs of life, and the range test at the end; use with `yield from`."""


@dataclass(frozen=True)
class RangeKey:
    """All that a suggestion depends on, and nothing that it does not.

    Args:
        weights: digest of the body's weights at the start.
        data: digest of the data.
        split: which images are trained on: labels, seed, or a digest of both.
        head: name of the head.
        other: whatever else the caller changes it by (augmentation, input size, the sweep's own
            range and steps), as sorted pairs.
    """

    backbone: str
    weights: str
    data: str
    split: str
    optimiser: str
    tune: str
    batch_size: int
    head: str
    other: tuple[tuple[str, str], ...] = ()

    @property
    def path(self) -> Path:
        """Where the range test is kept."""
        text = json.dumps(dataclasses.asdict(self), sort_keys=True)
        return home() / _FOLDER / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.json"


def recall(key: RangeKey) -> RangeTest | None:
    """The range test that was made before, if it was."""
    try:
        return RangeTest.from_json(json.loads(key.path.read_text())["range_test"])
    except (OSError, ValueError, KeyError, TypeError, UsageError):
        return None  # not made yet, or a broken file: make it again


def remember(key: RangeKey, test: RangeTest) -> None:
    """Writes it down, whole or not at all.

    Raises:
        UnavailableError, OSError: the folder cannot be written to.
    """
    home_folder(_FOLDER)
    record = {**dataclasses.asdict(key), "range_test": test.to_json(), "measured": time.time()}
    write_json(key.path, record)


def recall_or_make(key: RangeKey, make: Callable[[], Making]) -> Making:
    """The range test of `key`: as it is kept, or made now and kept.

    Several processes that want the same one make it once: the first makes it, the others wait and
    say so about once a second. A folder that cannot be written to costs the time of making it
    again, nothing else.
    """
    if (known := recall(key)) is not None:
        return known
    try:
        lock = yield from _take_turn(key)
    except (OSError, UnavailableError) as error:
        log.warning("A range test is made and not kept: %s", error)
        return (yield from make())
    try:
        if (known := recall(key)) is not None:
            return known  # another process made it while this one waited
        test = yield from make()
        _keep(key, test)
        return test
    finally:
        lock.release()


def _take_turn(key: RangeKey) -> Generator[Progress, None, BaseFileLock]:
    home_folder(_FOLDER)
    # Not thread-local: whoever drives a generator may close it from another thread.
    lock = FileLock(key.path.with_suffix(".lock"), thread_local=False)
    while True:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            yield Progress("waiting for the range test")
            time.sleep(_POLL_SECONDS)
        else:
            return lock


def _keep(key: RangeKey, test: RangeTest) -> None:
    try:
        remember(key, test)
    except (OSError, UnavailableError) as error:
        log.warning("A range test could not be kept: %s", error)
