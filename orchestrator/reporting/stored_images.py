"""The images of a data set, if they are stored on this machine; a report downloads nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainables.data import ImageData


def stored_images(digest: str) -> ImageData | None:
    """The data with this digest, memory-mapped; None where it is not here."""
    from trainables.data.arrays import read_folder
    from trainables.home import home

    for folder in sorted((home() / "data").glob("[!.]*")):
        stored = read_folder(folder) if folder.is_dir() else None
        if stored is not None and stored.meta["digest"] == digest:
            return stored.data()
    return None
