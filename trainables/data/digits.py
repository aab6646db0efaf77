"""scikit-learn's handwritten digits: 1,797 images of 8 x 8 grey values from 0 to 16, no network.

They have no official test split, so 20 % of each class is kept as one.
Shapes: N images, S = 32 pixels a side.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from trainables.data.source import DataRequest, Decoded, Identity, Tell
from trainables.stratified import hold_out

SIZE = 32  # pixels a side, as the other small data sets have
TEST_SHARE = 0.2
_TEST_SEED = 0  # part of what the data is: which digits are kept for testing never changes


class Digits:
    """The source `digits`."""

    description = "Handwritten digits from scikit-learn: 1,797 images, 32 px (from 8), no network"

    def identify(self, request: DataRequest) -> Identity:
        """Always the same data."""
        request.refuse(argument=True, data_dir=True, size=SIZE)
        return Identity("digits", "digits")

    def make(self, request: DataRequest, scratch: Path, tell: Tell) -> Decoded:  # noqa: ARG002
        """Read from scikit-learn, upsample, keep the test split."""
        from sklearn.datasets import load_digits

        digits = load_digits()
        images_NHWC = upsample(digits.images)
        labels_N = digits.target.astype(np.int64)
        kept, test = hold_out(labels_N, TEST_SHARE, _TEST_SEED)
        return Decoded(
            classes=tuple(str(name) for name in digits.target_names),
            images_NHWC=images_NHWC[kept],
            labels_N=labels_N[kept],
            test_images_NHWC=images_NHWC[test],
            test_labels_N=labels_N[test],
            route="scikit-learn's load_digits",
        )


def upsample(grey_N88: np.ndarray) -> np.ndarray:
    """Bilinear from 8 to 32 pixels, 0..16 to 0..255, grey to RGB: uint8 [N,32,32,3]."""
    # In numpy, where every product here is an exact binary fraction: no library's version and no
    # processor's rounding can change the digest.
    weights_S8 = _bilinear_weights(grey_N88.shape[1], SIZE)
    grey_NSS = weights_S8 @ grey_N88.astype(np.float64) @ weights_S8.T
    pixels_NSS = np.floor(grey_NSS * 255 / 16 + 0.5).astype(np.uint8)
    return np.repeat(pixels_NSS[..., None], 3, axis=-1)


def _bilinear_weights(small: int, large: int) -> np.ndarray:
    """[large, small]: how much of each input pixel is in each output pixel, rows sum to 1."""
    centres = np.clip((np.arange(large) + 0.5) * small / large - 0.5, 0, small - 1)
    below = np.floor(centres).astype(int)
    weights = np.zeros((large, small))
    rows = np.arange(large)
    np.add.at(weights, (rows, below), 1 - (centres - below))
    np.add.at(weights, (rows, np.minimum(below + 1, small - 1)), centres - below)
    return weights


SOURCE = Digits()
