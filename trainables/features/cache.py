"""`cached_features`: the features of some images, each extracted once by whoever needs it first.

Shapes: N images asked for, U different ones among them, M of those not in the cache, F features.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search_spaces.errors import TrialFailed
from trainables.features.budget import cache_root
from trainables.features.key import FeatureKey
from trainables.features.store import FeatureStore
from trainables.features.turn import take_turn
from trainables.features.writer import SegmentWriter
from trainables.reports import Progress

if TYPE_CHECKING:
    from trainables.features.extract import FrozenBody

_PROGRESS_SECONDS = 1.0


class Images(Protocol):
    """What the cache asks of an `ImageData`."""

    @property
    def images_NHWC(self) -> np.ndarray: ...


@dataclass(frozen=True)
class FeatureBlock:
    """Features in the order they were asked for.

    Args:
        features_NF: float32, in memory.
        extracted: images that this call itself put through the body; 0 with a warm cache.
        seconds: spent on reading, loading the body and extracting; not on waiting.
        images_per_second: of the extraction alone; 0 where nothing was extracted.
        waited: seconds another process's extraction was waited for.
        note: why the features could not be kept, in words for a person; empty if they were.
    """

    features_NF: np.ndarray
    extracted: int
    seconds: float
    images_per_second: float
    waited: float = 0.0
    note: str = ""


def cached_features(
    data: Images,
    indices_N: np.ndarray,
    body_factory: Callable[[], FrozenBody],
    key: FeatureKey,
    *,
    device: str = "cpu",
    threads: int | None = None,
    limit_gb: float = 20.0,
    flush_seconds: float = 20.0,
) -> Generator[Progress, None, FeatureBlock]:
    """Features of `data.images_NHWC[indices_N]` under `key`; use with `yield from`.

    Processes that want features of the same key take turns; the waiting ones say so about once a
    second and go on as soon as what they need is there. A kill loses `flush_seconds` of work at
    most. Where the cache cannot be written (read-only, full disk), the features are still handed
    back, from memory, with a note: a trial's result should not hang on a place to keep it.

    Args:
        body_factory: makes the frozen body; called only when something has to be extracted.
        limit_gb: bound of the whole cache in 1e9 bytes; least recently used keys go first.

    Raises:
        ValueError: no index at all, or a body whose weights are not the key's.
        IndexError: an index outside the data.
        TrialFailed: the body gives another number of features than what is cached under `key`.
        InfeasibleTrial: a single image does not fit into the device's memory.
    """
    started = time.monotonic()
    indices_N = np.asarray(indices_N, np.int64)
    if not len(indices_N):
        raise ValueError("Features of no image at all were asked for.")
    if not 0 <= indices_N.min() <= indices_N.max() < len(data.images_NHWC):
        raise IndexError(f"Image indices lie in [0, {len(data.images_NHWC)}).")
    wanted_U, inverse_N = np.unique(indices_N, return_inverse=True)
    store = FeatureStore(cache_root(), key)
    features_UF, found_U = store.read(wanted_U)
    extracted, rate, waited, note = 0, 0.0, 0.0, ""
    while features_UF is None or not found_U.all():
        waiting = time.monotonic()
        lock, note = yield from take_turn(store, wanted_U)
        waited += time.monotonic() - waiting
        try:
            features_UF, found_U = store.read(wanted_U)
            missing_M = wanted_U[~found_U]
            if (lock is None and not note) or not len(missing_M):
                continue  # another process has just extracted them
            writer = SegmentWriter(store, limit_gb * 1e9, flush_seconds, note=note)
            new_MF, rate = yield from _extract(
                data, missing_M, body_factory, key, writer, device, threads
            )
            features_UF = _merge(features_UF, found_U, new_MF, key)
            found_U[:] = True
            extracted, note = len(missing_M), writer.note
        finally:
            if lock is not None:
                lock.release()
    store.touch()
    seconds = time.monotonic() - started - waited
    features_NF = features_UF  # in order and each once, as asked for: no copy
    if not np.array_equal(wanted_U, indices_N):
        features_NF = features_UF[inverse_N]
    return FeatureBlock(features_NF, extracted, seconds, rate, waited, note)


def _extract(
    data: Images,
    missing_M: np.ndarray,
    body_factory: Callable[[], FrozenBody],
    key: FeatureKey,
    writer: SegmentWriter,
    device: str,
    threads: int | None,
) -> Generator[Progress, None, tuple[np.ndarray, float]]:
    """Features_MF of `missing_M` (ascending), handed to `writer` on the way; images a second."""
    yield Progress("extracting features", 0, len(missing_M))
    from trainables.features.extract import Extractor  # torch, and only when it is needed

    body = body_factory()
    if body.digest != key.weights_digest:
        raise ValueError(f"The body's weights are {body.digest}, the key's {key.weights_digest}.")
    extractor = Extractor(
        body,
        input_size=key.input_size,
        resize=key.resize,
        precision=key.precision,
        device=device,
        threads=threads,
    )
    done, told = 0, time.monotonic()
    features_MF: np.ndarray | None = None
    started = time.monotonic()
    try:
        for features_BF in extractor.run(data.images_NHWC, missing_M):
            if features_MF is None:
                features_MF = np.empty((len(missing_M), features_BF.shape[1]), np.float32)
            features_MF[done : done + len(features_BF)] = features_BF
            done += len(features_BF)
            writer.offer(missing_M[:done], features_MF[:done])
            if time.monotonic() - told >= _PROGRESS_SECONDS:
                told = time.monotonic()
                yield Progress("extracting features", done, len(missing_M))
    finally:  # an error or a consumer that goes away keeps what is there
        if features_MF is not None:
            writer.flush(missing_M[:done], features_MF[:done])
    assert features_MF is not None
    yield Progress("extracting features", done, len(missing_M))
    return features_MF, done / (time.monotonic() - started)


def _merge(
    features_UF: np.ndarray | None, found_U: np.ndarray, new_MF: np.ndarray, key: FeatureKey
) -> np.ndarray:
    if features_UF is None:
        return new_MF
    if features_UF.shape[1] != new_MF.shape[1]:
        raise TrialFailed(
            f"{key.slug} holds {features_UF.shape[1]} features an image and the body gives "
            f"{new_MF.shape[1]}: empty the feature cache of {key.backbone}."
        )
    features_UF[~found_U] = new_MF
    return features_UF
