"""`LoadedClassifier`: a model that can be asked about images.

Shapes: N images, H W pixels, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from orchestrator.using.images import fit_image
from orchestrator.using.mlmodel import ModelFacts
from search_spaces.errors import TrialFailed, UsageError


@dataclass(frozen=True, eq=False)
class LoadedClassifier:
    """A model, loaded; may be asked from several threads.

    Args:
        name: of the registered model, else how it was asked for.
        version: of the registered model; None for any other.
        uri: how a person asks for this very model again.
        classes: by label.
        input_hint: pixels a side of the images that it was trained on; None where it is not known.
        facts: all that was logged with it.
        run_id: of the run that made it; "" where the store does not say.
        answer: uint8 [N, H, W, 3] or [N, 3, H, W] to logits [N, K], on the model's device.
    """

    name: str
    version: str | None
    uri: str
    classes: tuple[str, ...]
    input_hint: int | None
    facts: ModelFacts
    answer: Callable[[np.ndarray], np.ndarray] = field(repr=False)
    run_id: str = ""

    def predict(self, images_NHWC: np.ndarray) -> np.ndarray:
        """Probabilities [N, K], float32, of images of any size.

        Images of another size than those it was trained on are brought to it as those were: the
        middle square, resized to `input_hint`.

        Raises:
            UsageError: not uint8 [N, H, W, 3].
            TrialFailed: the model cannot answer.
        """
        images_NHWC = np.asarray(images_NHWC)
        shape = images_NHWC.shape
        good = len(shape) == 4 and shape[3] == 3 and min(shape[1:]) > 0
        if not good or images_NHWC.dtype != np.uint8:
            got = f"{images_NHWC.dtype} {shape}"
            raise UsageError("Images are uint8 [N, H, W, 3].", got=got)
        size = self.input_hint
        if size is not None and shape[0] and shape[1:3] != (size, size):
            images_NHWC = np.stack([fit_image(image, size) for image in images_NHWC])
        return _softmax(self.logits(images_NHWC))

    def logits(self, images: np.ndarray) -> np.ndarray:
        """What the model itself gives for images of either layout, as MLflow would: [N, K].

        Raises:
            UsageError: not uint8, or without three channels.
            TrialFailed: the model cannot answer.
        """
        images = np.asarray(images)
        shape = images.shape
        good = len(shape) == 4 and min(shape[1:]) > 0 and 3 in (shape[1], shape[3])
        if not good or images.dtype != np.uint8:
            rule = "Images are uint8 [N, H, W, 3] or [N, 3, H, W]."
            raise UsageError(rule, got=f"{images.dtype} {shape}")
        if not len(images):
            return np.zeros((0, len(self.classes)), np.float32)
        try:
            logits_NK = self.answer(images)
        except (RuntimeError, ValueError, TypeError, MemoryError, AssertionError) as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            raise TrialFailed(f"{self.uri} does not take these images: {lines[0][:200]}") from None
        return np.asarray(logits_NK, dtype=np.float32)


def _softmax(logits_NK: np.ndarray) -> np.ndarray:
    powers_NK = np.exp(logits_NK - logits_NK.max(axis=1, keepdims=True))
    probabilities_NK: np.ndarray = powers_NK / powers_NK.sum(axis=1, keepdims=True)
    return probabilities_NK
