"""`ImageData`: the labelled images a search may see. The test split has its own door, `open_test`.

Shapes: N images, H W pixels, C = 3 colour channels (RGB).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class ImageData:
    """The official training images of one data set, decoded once and memory-mapped.

    Args:
        name: `"cifar10"`, `"digits"`, `"folder:/abs/path@32"`.
        classes: class names, index = label.
        images_NHWC: uint8, read-only; all that a search may look at.
        labels_N: int64, read-only.
        test_count: images in the test split, which `open_test` alone gives.
        digest: 16 hex digits over pixels, labels and class names, train and test.
        folder: where it is stored; None for data made in memory, which has no test split.
    """

    name: str
    classes: tuple[str, ...]
    images_NHWC: np.ndarray
    labels_N: np.ndarray
    test_count: int
    digest: str
    folder: Path | None = None

    @property
    def image_size(self) -> int:
        """Pixels a side at which the images are stored (they are square)."""
        return int(self.images_NHWC.shape[1])

    def __len__(self) -> int:
        return len(self.labels_N)

    def __reduce__(self) -> Any:
        # Stored data travels between processes as its folder: a memory map would be pickled as
        # the whole array (154 MB for CIFAR-10).
        if self.folder is None:
            fields = (self.name, self.classes, self.images_NHWC, self.labels_N)
            return (ImageData, (*fields, self.test_count, self.digest))
        from trainables.data.arrays import reopen

        return (reopen, (self.folder, self.digest))
