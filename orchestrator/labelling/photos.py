"""A folder of images that nobody has sorted: found, named, and decoded when they are needed.

Shapes: N images, S pixels a side, B decoded at once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces.errors import UnknownNameError, UsageError
from trainables.data.image_files import decode_file
from trainables.data.image_tree import SUFFIXES


@dataclass(frozen=True)
class Photos:
    """The image files under a folder, however deep, by their paths within it, sorted."""

    root: Path
    files: tuple[str, ...]

    def digest(self, size: int) -> str:
        """16 hex digits over names, sizes and times of the files, decoded at `size`."""
        sha = hashlib.sha256(f"{self.root}\0{size}\0".encode(errors="surrogateescape"))
        for name in self.files:
            state = (self.root / name).stat()
            sha.update(f"{name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode(errors="replace"))
        return sha.hexdigest()[:16]

    def places(self, labels: Mapping[str, str]) -> np.ndarray:
        """Where the labelled files lie in `files`, in the order of `labels`.

        Raises:
            UnknownNameError: a file that is not in the folder.
        """
        at = {name: place for place, name in enumerate(self.files)}
        for name in labels:
            if name not in at:
                raise UnknownNameError(f"image of {self.root}", name, self._near(name))
        return np.array([at[name] for name in labels], np.int64)

    def _near(self, name: str) -> list[str]:
        """A few names, so that an error does not list thousands."""
        import difflib

        return difflib.get_close_matches(name, self.files, n=5, cutoff=0) or list(self.files[:5])

    def at(self, size: int) -> DecodedPhotos:
        """The images as the feature cache asks for them."""
        return DecodedPhotos(self, size)


def find_photos(root: Path) -> Photos:
    """All PNG and JPEG files under `root`, hidden ones and folders left out.

    Raises:
        UsageError: no such folder, or no images in it.
    """
    root = root.expanduser().resolve()
    if not root.is_dir():
        raise UsageError("Images to be labelled lie in a folder that exists.", got=str(root))
    found: list[str] = []
    for parent, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(parent, name).relative_to(root).as_posix()
            for name in names
            if name.lower().endswith(SUFFIXES) and not name.startswith(".")
        ]
    if not found:
        raise UsageError(f"The folder must hold images ({', '.join(SUFFIXES)}).", got=str(root))
    return Photos(root, tuple(sorted(found)))


@dataclass(frozen=True)
class DecodedPhotos:
    """Stands for an array [N, S, S, 3] of which a batch at a time is decoded."""

    photos: Photos
    size: int

    @cached_property
    def images_NHWC(self) -> Any:
        """Itself: what the feature cache indexes."""
        return self

    def __len__(self) -> int:
        return len(self.photos.files)

    def __getitem__(self, places_B: np.ndarray) -> np.ndarray:
        """uint8 [B, S, S, 3].

        Raises:
            UsageError: a file that cannot be decoded; names it.
        """
        return np.stack([self._one(self.photos.files[place]) for place in places_B])

    def _one(self, name: str) -> np.ndarray:
        try:
            return decode_file(self.photos.root / name, self.size)
        except Exception as error:  # a damaged file can raise anything
            rule = "Every image file must be a readable PNG or JPEG."
            hint = "Repair it, or take it out of the folder."
            raise UsageError(rule, got=f"{name}: {error}", hint=hint) from None
