"""The original CIFAR-10-C, where somebody has it: `NAME.npy`, five severities one after the other.

There a severity has 10,000 rows, the test images of CIFAR-10 in their order, and `labels.npy` holds
the labels of all five (Hendrycks and Dietterich, 2019; CIFAR-100-C is laid out the same). These are
test images: for reports and reference tables, never to choose by. Files are mapped, never read
whole: one is 154 MB. Shapes: N images, H W C an image.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UnavailableError, UsageError
from trainables.corruptions import SEVERITIES
from trainables.corruptions.choosing import families_of
from trainables.corruptions.measuring import BATCH, Classify, CorruptionReport, accuracy_of
from trainables.reports import Progress

LABELS = "labels"
_WHAT = "CIFAR-10-C"


@dataclass(frozen=True, eq=False)
class PublishedCorruptions:
    """A folder of such files, looked through; images stay in their files.

    Args:
        names: corruptions whose file is there, sorted.
        labels_N: of one severity; the same at each.
    """

    folder: Path
    names: tuple[str, ...]
    labels_N: np.ndarray
    images: Mapping[str, np.ndarray]

    @property
    def rows(self) -> int:
        """Images a severity; 10,000 in the original."""
        return len(self.labels_N)

    def images_of(self, name: str, severity: int) -> np.ndarray:
        """Those of one severity [N, H, W, C], uint8, mapped.

        Raises:
            UsageError: no such corruption there, or a severity that is not 1 to 5.
        """
        if severity not in SEVERITIES:
            raise UsageError("A severity is 1, 2, 3, 4 or 5.", got=severity)
        if name not in self.images:
            raise UsageError(f"{self.folder} holds {', '.join(self.names)}.", got=name)
        return self.images[name][(severity - 1) * self.rows : severity * self.rows]


def open_published(folder: Path) -> PublishedCorruptions:
    """Maps every file of the folder; a wrong one is told here, before anything is measured.

    Raises:
        UnavailableError: no files, no `labels.npy`, or one that is not as CIFAR-10-C's are.
    """
    names = sorted(path.stem for path in folder.glob("*.npy") if path.stem != LABELS)
    if not names or not (folder / f"{LABELS}.npy").is_file():
        why = "no NAME.npy" if not names else "no labels.npy"
        hint = "Unpack the archive CIFAR-10-C and name the folder that holds labels.npy."
        raise UnavailableError(_WHAT, [(str(folder), why)], hint=hint)
    labels_N = _labels(folder / f"{LABELS}.npy")
    images = {name: _images(folder / f"{name}.npy", len(labels_N)) for name in names}
    shapes = {array.shape[1:] for array in images.values()}
    if len(shapes) > 1:
        raise _refused(folder, f"its images have several shapes: {sorted(shapes)}")
    return PublishedCorruptions(folder, tuple(names), labels_N, images)


def measure_published(
    classify: Classify,
    files: PublishedCorruptions,
    *,
    names: Sequence[str] | None = None,
    severities: Sequence[int] = SEVERITIES,
    most: int | None = None,
    batch_size: int = BATCH,
    known: Mapping[str, Any] | None = None,
) -> Generator[Progress, None, CorruptionReport]:
    """As `measure_corruptions`, on the original files.

    Args:
        most: images a severity, from the beginning (default: all).
        known: what the caller knows, for the provenance.

    Raises:
        UsageError: see `PublishedCorruptions.images_of`; or `most` below 1.
    """
    names = tuple(names or files.names)
    if most is not None and most < 1:
        raise UsageError("A severity has at least one image.", got=most)
    count = min(most or files.rows, files.rows)
    labels_N, digest = files.labels_N[:count], hashlib.sha256()
    total, accuracy = len(names) * len(severities), {}
    for index, name in enumerate(names):
        found = []
        for number, severity in enumerate(severities):
            yield Progress("corrupted", index * len(severities) + number, total, "conditions")
            images_NHWC = files.images_of(name, severity)[:count]
            digest.update(f"{name} {severity} ".encode())
            digest.update(np.ascontiguousarray(images_NHWC).data)
            found.append(accuracy_of(classify, images_NHWC, labels_N, batch_size))
        accuracy[name] = tuple(found)
    digest.update(labels_N.tobytes())
    provenance = {
        "corruptions": list(names),
        "severities": list(severities),
        "sample_digest": digest.hexdigest()[:16],  # of all that was measured, labels last
        "source": _WHAT,
        "folder": str(files.folder),
        "families": families_of(names),
        **(known or {}),
    }
    yield Progress("corrupted", total, total, "conditions")
    return CorruptionReport(accuracy, tuple(severities), None, count, provenance)


def _labels(path: Path) -> np.ndarray:
    """Of one severity.

    Raises:
        UnavailableError: not five times the same whole numbers.
    """
    array = _mapped(path)
    if array.ndim != 1 or not len(array) or len(array) % len(SEVERITIES):
        raise _refused(path, f"its array is {array.dtype} {array.shape}, not five severities")
    if array.dtype.kind not in "ui":
        raise _refused(path, f"its labels are {array.dtype}, not whole numbers")
    labels_SN = np.asarray(array, dtype=np.int64).reshape(len(SEVERITIES), -1)
    if not (labels_SN == labels_SN[0]).all():
        raise _refused(path, "the labels of its five severities differ")
    return labels_SN[0]


def _images(path: Path, rows: int) -> np.ndarray:
    array, wanted = _mapped(path), len(SEVERITIES) * rows
    if array.dtype != np.uint8 or array.ndim != 4 or len(array) != wanted or array.shape[3] != 3:
        why = f"its array is {array.dtype} {array.shape}, not uint8 ({wanted}, H, W, 3)"
        raise _refused(path, why)
    return array


def _mapped(path: Path) -> np.ndarray:
    try:
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise _refused(path, str(error)) from None
    return array


def _refused(path: Path, why: str) -> UnavailableError:
    return UnavailableError(_WHAT, [(str(path), why)])
