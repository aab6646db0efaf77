"""`collect_labels`: labelled images as a folder that `folder:PATH` reads, one folder a class."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.labelling.photos import find_photos
from orchestrator.labelling.sheet import read_sheets
from search_spaces.errors import UsageError

_SPLITS = {"train", "test", "val", "valid", "validation", "dev"}  # what folder: takes for splits


@dataclass(frozen=True)
class Collected:
    """What lies in the folder now.

    Args:
        new: images that were copied this time.
        moved: images that lay under another label before.
        classes: images by class, of these sheets.
    """

    folder: Path
    new: int
    moved: int
    classes: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """What `--json` prints."""
        return {**vars(self), "folder": str(self.folder), "classes": dict(self.classes)}


def collect_labels(
    images: str | Path, into: str | Path, *, labels: Sequence[str | Path]
) -> Collected:
    """Copy every labelled image of the folder `images` to `into`/LABEL/; the originals stay.

    Doing it again with more sheets adds what is new, and moves what has another label now.

    Args:
        labels: sheets, filled in.

    Raises:
        UsageError: a sheet that will not do, a label that cannot name a folder, one class only.
    """
    photos, known = find_photos(Path(images)), read_sheets(Path(path) for path in labels)
    photos.places(known)  # every file must be there before the first is copied
    names = sorted(set(known.values()))
    for name in names:
        _check_label(name)
    if len(names) < 2:
        raise UsageError("A classifier needs labels of two classes at least.", got=names)
    folder = Path(into).expanduser().resolve()
    if folder == photos.root or folder.is_relative_to(photos.root):
        rule = "Copies must not lie among the images, or they would be offered for labelling too."
        raise UsageError(rule, got=str(folder))
    new = moved = 0
    for file, label in known.items():
        name = file.replace("/", "__")
        before = [path for path in folder.glob(f"*/{_plain(name)}") if path.parent.name != label]
        place = folder / label / name
        place.parent.mkdir(parents=True, exist_ok=True)
        moved += bool(before)
        new += not before and not place.exists()
        shutil.copy2(photos.root / file, place)
        for path in before:
            path.unlink()
    return Collected(folder, new, moved, dict(sorted(Counter(known.values()).items())))


def _plain(name: str) -> str:
    """For glob, whose signs a file's name may hold."""
    import glob

    return glob.escape(name)


def _check_label(label: str) -> None:
    odd = any(sign in label for sign in '/\\:*?"<>|\0') or label.startswith(".")
    if odd or label.endswith((".", " ")) or label.lower() in _SPLITS:
        rule = "A label must be fit to name a folder, and not be train, test or val."
        raise UsageError(rule, got=label)
