"""Perturbations that broke a net, kept for the others: one pass forward tells if they break, too.

They lie in a folder of their own for each sample, norm and epsilon. A file is written once, whole,
under a name that follows from its content, and never changed: so any number of processes may add
and read at the same time, and one that is killed leaves nothing half done. Where they take too
much room, the oldest files go.

Shapes: P perturbations, H W C an image.
"""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainables.atomic import write_file
from trainables.attacks.ladder.sample import AttackedSample

MOST_BYTES = 64_000_000
"""Of a folder: 10,000 perturbations of 32 x 32 pixels. Not compressed, so it bounds memory too."""
MOST_AN_IMAGE = 16
"""Tried on a net: a pass forward each, so a tenth of the PGD-50 that they may spare."""
_LAYOUT = 1
_ORPHAN_SECONDS = 3600.0


@dataclass(frozen=True, eq=False)
class Perturbations:
    """What broke one net.

    Args:
        rows_P: of the images in the sample.
        deltas_PHWC: float16: attacked image less clean image, in units of the pixel range. They
            were checked to break the net as they are here, rounded and projected again.
    """

    rows_P: np.ndarray
    deltas_PHWC: np.ndarray

    def __len__(self) -> int:
        return len(self.rows_P)


class KeptPerturbations:
    """The perturbations of one sample, norm and epsilon.

    Args:
        folder: of the study.
        most_bytes: of all files together.
    """

    def __init__(
        self, folder: Path, sample: AttackedSample, *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._shape = sample.images_NHWC.shape
        self._most_bytes = most_bytes
        name = f"{sample.norm}-eps{sample.eps_255:g}-{sample.digest}"
        self.folder = folder / name

    def add(self, source: str, found: Perturbations) -> Path | None:
        """Keep them; the file, or None where there is nothing to keep.

        Args:
            source: the net and the attack, such as `trial3-pgd50`.

        Raises:
            OSError: the folder cannot be written.
        """
        if not len(found):
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(found.rows_P.tobytes() + found.deltas_PHWC.tobytes()).hexdigest()
        path = self.folder / f"{source}-{digest[:12]}.npz"
        write_file(
            path,
            lambda beside: np.savez(
                beside, layout=_LAYOUT, rows=found.rows_P, deltas=found.deltas_PHWC
            ),
        )
        self._make_room(path)
        return path

    def read(self) -> tuple[Perturbations, ...]:
        """All that are there; a file that went meanwhile, or is none of ours, is passed over."""
        found = (self._read(path) for path in self._files())
        return tuple(each for each in found if each is not None)

    def by_turns(self) -> Iterator[Perturbations]:
        """All of them, in turns that hold at most one of each image; `MOST_AN_IMAGE` turns."""
        kept = self.read()
        if not kept:
            return
        rows_P = np.concatenate([each.rows_P for each in kept])
        deltas_PHWC = np.concatenate([each.deltas_PHWC for each in kept])
        turn_P = np.zeros(len(rows_P), dtype=np.int64)
        seen: dict[int, int] = {}
        for p, row in enumerate(rows_P):
            turn_P[p] = seen.get(int(row), 0)
            seen[int(row)] = turn_P[p] + 1
        for turn in range(min(MOST_AN_IMAGE, int(turn_P.max()) + 1)):
            yield Perturbations(rows_P[turn_P == turn], deltas_PHWC[turn_P == turn])

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("[!.]*.npz"))

    def _read(self, path: Path) -> Perturbations | None:
        try:
            with np.load(path, allow_pickle=False) as held:
                if int(held["layout"]) != _LAYOUT:
                    return None
                found = Perturbations(held["rows"], held["deltas"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        count, shape = self._shape[0], self._shape[1:]
        fits = found.deltas_PHWC.shape == (len(found), *shape) and found.rows_P.ndim == 1
        inside = fits and bool(((found.rows_P >= 0) & (found.rows_P < count)).all())
        return found if inside and bool(np.isfinite(found.deltas_PHWC).all()) else None

    def _make_room(self, newest: Path) -> None:
        """Take the oldest files away; and what a killed process was writing, after an hour."""
        for path in self.folder.glob(".writing-*"):
            if time.time() - _changed(path) > _ORPHAN_SECONDS:
                path.unlink(missing_ok=True)
        held = sorted((p for p in self._files() if p != newest), key=_changed)
        room = self._most_bytes - _size(newest)
        for path in reversed(held):
            room -= _size(path)
            if room < 0:
                path.unlink(missing_ok=True)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:  # another process took it away
        return 0.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
