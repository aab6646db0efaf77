"""Whose turn it is to extract features of one key: one process at a time, the others wait."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator

import numpy as np
from filelock import BaseFileLock, Timeout

from search_spaces.errors import UnavailableError
from trainables.features.store import FeatureStore
from trainables.home import home_folder
from trainables.reports import Progress

log = logging.getLogger(__name__)
_POLL_SECONDS = 1.0


def take_turn(
    store: FeatureStore, wanted_U: np.ndarray
) -> Generator[Progress, None, tuple[BaseFileLock | None, str]]:
    """Waits for the key's lock.

    Returns:
        The lock, held; or None where another process has extracted all that is wanted, or, with a
        note that says why, where the cache cannot be written.
    """
    try:
        home_folder("features")
        lock = store.lock()
        while True:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                done = store.count(wanted_U)
                if done == len(wanted_U):
                    return None, ""
                yield Progress("waiting for features", done, len(wanted_U))
                time.sleep(_POLL_SECONDS)
            else:
                break
    except (OSError, UnavailableError) as error:
        return None, _unkept(error)
    try:
        store.prepare()
    except OSError as error:
        lock.release()
        return None, _unkept(error)
    return lock, ""


def _unkept(error: Exception) -> str:
    note = f"Features are kept in memory only: {error}"
    log.warning("%s", note)
    return note
