"""What data there is and what is stored already: `orchestrator data list`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from trainables.data.arrays import Stored, read_folder
from trainables.data.loading import SOURCES
from trainables.home import home


@dataclass(frozen=True)
class SourceInfo:
    """One source, or one stored folder.

    Args:
        name: what `--data` takes.
        present: stored here, so that loading it needs nothing else.
        folder: where it is stored, if it is.
        images: training images; None where it is not stored.
        test_images: images of the test split; None where it is not stored.
        classes: number of classes; None where it is not stored.
        digest: of the stored data.
        bytes: room taken on disk.
    """

    name: str
    description: str
    present: bool
    folder: Path | None = None
    images: int | None = None
    test_images: int | None = None
    classes: int | None = None
    digest: str | None = None
    bytes: int = 0


def list_sources() -> list[SourceInfo]:
    """Every registered source, then every stored folder; reads small files only."""
    stored = {str(entry.meta["name"]): entry for entry in _all_stored()}
    listed = []
    for name in SOURCES:
        description = SOURCES.get(name).description
        mine = [key for key in stored if key == name]
        of_folders = [key for key in stored if key.startswith(f"{name}:")]
        listed += [_info(stored[key], description) for key in mine]
        if not mine:
            listed.append(SourceInfo(_asked_as(name), description, present=False))
        listed += [_info(stored[key], f"stored {name}") for key in of_folders]
    return listed


def _asked_as(name: str) -> str:
    return "folder:PATH" if name == "folder" else name


def _all_stored() -> list[Stored]:
    root = home() / "data"
    folders = sorted(path for path in root.glob("[!.]*") if (path / "meta.json").is_file())
    return [entry for entry in map(read_folder, folders) if entry is not None]


def _info(entry: Stored, description: str) -> SourceInfo:
    arrays = entry.meta["arrays"]
    return SourceInfo(
        name=entry.meta["name"],
        description=description,
        present=True,
        folder=entry.folder,
        images=arrays["labels"]["shape"][0],
        test_images=arrays["test_labels"]["shape"][0],
        classes=len(entry.meta["classes"]),
        digest=entry.meta["digest"],
        bytes=sum(array["bytes"] for array in arrays.values()),
    )
