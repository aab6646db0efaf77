"""Reads a `cifar-10-batches-py` folder, without running whatever a pickle from elsewhere asks for.

Shapes: N images; a row of a batch file is 3072 = 3 x 32 x 32 bytes, channel first.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from trainables.data.source import RouteFailed

FOLDER = "cifar-10-batches-py"
TRAIN_FILES = tuple(f"data_batch_{number}" for number in range(1, 6))
TEST_FILES = ("test_batch",)
_LARGEST_FILE = 64 * 2**20  # bytes; a real batch has 31 MB

# All that a pickled numpy array needs, under the names of numpy 1 and 2. None of them can reach
# the system, and a file is trusted no further than its digest anyhow.
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("numpy.core.numeric", "_frombuffer"),
    ("numpy._core.numeric", "_frombuffer"),
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("_codecs", "encode"),
}

Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch file needs")
        return super().find_class(module, name)


def read_batches(folder: Path) -> Arrays:
    """Train images [50000,32,32,3] and labels, test images and labels, in the files' order.

    Raises:
        RouteFailed: a file is missing, damaged, or not a CIFAR-10 batch.
    """
    if not folder.is_dir():
        raise RouteFailed("no such folder")
    train = [_read_batch(folder / name) for name in TRAIN_FILES]
    test = [_read_batch(folder / name) for name in TEST_FILES]
    return (*_join(train), *_join(test))


def _read_batch(path: Path) -> tuple[np.ndarray, np.ndarray]:
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise RouteFailed(f"{path.name} is too large to be a CIFAR-10 batch")
        with path.open("rb") as file:
            # latin1: the official files were written by Python 2.
            batch = _ArraysOnly(file, encoding="latin1").load()
        rows, labels = np.asarray(batch["data"]), np.asarray(batch["labels"])
    except FileNotFoundError:
        raise RouteFailed(f"{path.name} is missing") from None
    except RouteFailed:
        raise
    except Exception as error:  # a damaged pickle can raise anything at all
        raise RouteFailed(f"{path.name} cannot be read: {error or type(error).__name__}") from None
    if rows.dtype != np.uint8 or rows.shape != (len(labels), 3072) or labels.dtype.kind not in "iu":
        raise RouteFailed(f"{path.name} holds no CIFAR-10 images: {rows.dtype}{list(rows.shape)}")
    return rows.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels.astype(np.int64)


def _join(batches: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    images_NHWC = np.concatenate([images for images, _ in batches])
    return np.ascontiguousarray(images_NHWC), np.concatenate([labels for _, labels in batches])
