"""Writes features to the cache while they are being extracted, a segment every so often."""

from __future__ import annotations

import logging
import time

import numpy as np

from trainables.features.budget import keep_within
from trainables.features.store import FeatureStore

log = logging.getLogger(__name__)


class SegmentWriter:
    """Turns a growing prefix of features into segments, and keeps the cache within its bound.

    A disk that cannot be written to ends the writing, not the extraction: `note` then says why.

    Args:
        store: where to; its lock is held by the caller.
        limit_bytes: bound of the whole cache.
        flush_seconds: at most this much work is lost by a kill.
        note: not empty: the cache cannot be written, nothing is tried.
    """

    def __init__(
        self, store: FeatureStore, limit_bytes: float, flush_seconds: float, *, note: str = ""
    ) -> None:
        self.note = note
        self._store = store
        self._limit_bytes = limit_bytes
        self._flush_seconds = flush_seconds
        self._written = 0
        self._last = time.monotonic()

    def offer(self, indices_M: np.ndarray, features_MF: np.ndarray) -> None:
        """Takes all features so far (ascending indices); writes the new ones if it is time."""
        if time.monotonic() - self._last >= self._flush_seconds:
            self.flush(indices_M, features_MF)

    def flush(self, indices_M: np.ndarray, features_MF: np.ndarray) -> None:
        """Writes what has not been written yet, then evicts other keys past the bound."""
        self._last = time.monotonic()
        new = slice(self._written, len(indices_M))
        if self.note or new.start == new.stop:
            return
        try:
            self._store.add(indices_M[new], features_MF[new])
            self._store.touch()
        except OSError as error:
            self.note = f"Features from here on are kept in memory only: {error}"
            log.warning("%s", self.note)
            return
        self._written = len(indices_M)
        keep_within(self._store.folder.parent, self._limit_bytes, in_use=self._store.folder)
