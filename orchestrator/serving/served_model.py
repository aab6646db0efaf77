"""The model that answers now, and how a new one is made ready before it does.

Shapes: N images, H W C an image of C = 3 channels, K classes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from search_spaces.errors import UnavailableError

_TRIED = 8
"""Images: enough to see that batches work; a full one would keep the cores from other requests."""


class Classifier(Protocol):
    """What is served; `orchestrator.using.classifier.LoadedClassifier` is one."""

    @property
    def name(self) -> str:
        """Of the registered model, or of the folder."""

    @property
    def version(self) -> str | None:
        """In the registry; None outside it."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the K classes, in the order of the outputs."""

    @property
    def input_hint(self) -> int | None:
        """Pixels a side of the images that it knows; None where that is not known."""

    def predict(self, images_NHWC: np.ndarray) -> np.ndarray:
        """uint8 images -> probabilities_NK, float32; images are brought to `input_hint` first."""

    def logits(self, images: np.ndarray) -> np.ndarray:
        """uint8 images -> logits_NK, float32: what the saved model itself gives."""


@dataclass(frozen=True, eq=False)
class ServedModel:
    """A classifier that is ready to answer.

    Args:
        classifier: loaded and warm.
        since: Unix seconds at which it began to answer.
    """

    classifier: Classifier
    since: float

    @property
    def title(self) -> str:
        """`pets version 3`."""
        version = self.classifier.version
        return self.classifier.name + (f" version {version}" if version else "")


class ModelSlot:
    """Holds the one model that new requests are given.

    A swap is one assignment, so a request sees the old model or the new one. Requests keep their
    own reference; the last of them lets the old model go.
    """

    def __init__(self, first: ServedModel) -> None:
        self._current = first

    @property
    def current(self) -> ServedModel:
        """What the next request is answered with."""
        return self._current

    def put(self, model: ServedModel) -> None:
        """From now on, this one."""
        self._current = model


def made_ready(classifier: Classifier, largest_batch: int) -> ServedModel:
    """`classifier`, after its first and slow passes, if it answers as a classifier does.

    Raises:
        UnavailableError: it fails, or what it gives are no probabilities of its classes.
    """
    for count in sorted({1, min(largest_batch, _TRIED)}):
        probabilities_NK = _tried(classifier, count)
        _check(classifier, probabilities_NK, count)
    return ServedModel(classifier, since=time.time())


def _tried(classifier: Classifier, count: int) -> np.ndarray:
    images_NHWC = np.zeros((count, 32, 32, 3), np.uint8)
    images_NHWC[..., 0] = 255  # a net may give NaN only where there is something to see
    try:
        return classifier.predict(images_NHWC)
    except Exception as error:
        reason = f"{type(error).__name__}: {str(error).splitlines()[0][:200] if str(error) else ''}"
        raise _unfit(classifier, f"{count} blank images", reason) from error


def _check(classifier: Classifier, probabilities_NK: np.ndarray, count: int) -> None:
    expected = (count, len(classifier.classes))
    if probabilities_NK.shape != expected:
        reason = f"gives an array of shape {probabilities_NK.shape}, not {expected}"
        raise _unfit(classifier, f"{count} blank images", reason)
    sums_N = probabilities_NK.sum(axis=1)
    if not np.isfinite(sums_N).all() or np.abs(sums_N - 1).max() > 1e-3:
        raise _unfit(classifier, f"{count} blank images", "gives no probabilities that sum to 1")


def _unfit(classifier: Classifier, tried: str, reason: str) -> UnavailableError:
    title = classifier.name + (f" version {classifier.version}" if classifier.version else "")
    return UnavailableError(f"An answer of {title}", [(tried, reason)])
