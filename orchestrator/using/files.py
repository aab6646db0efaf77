"""The image files that a person means: files as they are named, folders with all in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from search_spaces.errors import UsageError

_SUFFIXES = (".png", ".jpg", ".jpeg")


def image_paths(paths: Iterable[str | Path]) -> tuple[Path, ...]:
    """Every file that is named, whatever its suffix, and the PNG and JPEG files in every folder,
    recursively, in the order of their names; each once. Hidden files and folders are left out.

    Raises:
        UsageError: nothing is named, or a folder holds no image.
    """
    found: dict[Path, None] = {}
    for path in map(Path, paths):
        inside = _in_folder(path) if path.is_dir() else [path]
        if not inside:
            rule = f"A folder of images holds files that end in {', '.join(_SUFFIXES)}."
            raise UsageError(rule, got=str(path))
        found |= dict.fromkeys(inside)
    if not found:
        raise UsageError("Name at least one image file or folder.")
    return tuple(found)


def _in_folder(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in _SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
