"""The original CIFAR-10-C, where somebody has it: `NAME.npy`, five severities of 10,000 rows each.

These are the test images of CIFAR-10 under corruptions: for reports and reference tables, never to
choose by. Shapes: N images, H W C an image.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from pathlib import Path

import numpy as np

from search_spaces.errors import UnavailableError, UsageError
from trainables.attacks.provenance import sample_digest
from trainables.corruptions import SEVERITIES
from trainables.corruptions.measuring import Classify, CorruptionReport, accuracy_of
from trainables.reports import Progress

ROWS = 10_000  # a severity


def published_names(folder: Path) -> tuple[str, ...]:
    """Corruptions whose file is in the folder, sorted.

    Raises:
        UnavailableError: there is none, or `labels.npy` is missing.
    """
    names = sorted(path.stem for path in folder.glob("*.npy") if path.stem != "labels")
    if not names or not (folder / "labels.npy").is_file():
        why = "no NAME.npy" if not names else "no labels.npy"
        hint = "Unpack the archive CIFAR-10-C and name the folder that holds labels.npy."
        raise UnavailableError("CIFAR-10-C", [(str(folder), why)], hint=hint)
    return tuple(names)


def published_images(folder: Path, name: str, severity: int) -> tuple[np.ndarray, np.ndarray]:
    """Images [10000, 32, 32, 3] uint8 (mapped, not read) and labels of one severity.

    Raises:
        UsageError: no such corruption there, or a severity that is not 1 to 5.
        UnavailableError: a file that is not as CIFAR-10-C's are.
    """
    if severity not in SEVERITIES:
        raise UsageError("A severity is 1, 2, 3, 4 or 5.", got=severity)
    names = published_names(folder)
    if name not in names:
        raise UsageError(f"{folder} holds {', '.join(names)}.", got=name)
    images = _mapped(folder / f"{name}.npy", (len(SEVERITIES) * ROWS, 32, 32, 3))
    labels = _mapped(folder / "labels.npy", (len(SEVERITIES) * ROWS,))
    rows = slice((severity - 1) * ROWS, severity * ROWS)
    return images[rows], np.asarray(labels[rows], dtype=np.int64)


def measure_published(
    classify: Classify,
    folder: Path,
    *,
    names: Sequence[str] | None = None,
    severities: Sequence[int] = SEVERITIES,
    most: int = ROWS,
) -> Generator[Progress, None, CorruptionReport]:
    """As `measure_corruptions`, on the original files.

    Args:
        most: images a severity, from the beginning.

    Raises:
        UsageError, UnavailableError: see `published_images`.
    """
    names = tuple(names or published_names(folder))
    if not 1 <= most <= ROWS:
        raise UsageError(f"A severity has 1 to {ROWS:,} images.", got=most)
    total, accuracy = len(names) * len(severities), {}
    first_images, first_labels = published_images(folder, names[0], severities[0])
    for index, name in enumerate(names):
        found = []
        for number, severity in enumerate(severities):
            yield Progress("corrupted", index * len(severities) + number, total, "conditions")
            images, labels = published_images(folder, name, severity)
            found.append(accuracy_of(classify, images[:most], labels[:most]))
        accuracy[name] = tuple(found)
    provenance = {
        "corruptions": list(names),
        "severities": list(severities),
        "sample_digest": sample_digest(first_images[:most], first_labels[:most]),
        "source": "CIFAR-10-C",
    }
    yield Progress("corrupted", total, total, "conditions")
    return CorruptionReport(accuracy, tuple(severities), None, most, provenance)


def _mapped(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise UnavailableError("CIFAR-10-C", [(str(path), str(error))]) from None
    if array.shape != shape or array.dtype not in (np.uint8, np.int64, np.int32):
        why = f"its array is {array.dtype} {array.shape}, not {shape}"
        raise UnavailableError("CIFAR-10-C", [(str(path), why)])
    return array
