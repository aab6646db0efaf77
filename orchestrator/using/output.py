"""The file that a table of predictions is written to."""

from __future__ import annotations

from pathlib import Path

from search_spaces.errors import UnavailableError, UsageError
from trainables.atomic import write_file


def check_output(path: Path) -> None:
    """Say at once, before anything takes long, where a file could not be written.

    Raises:
        UsageError: it is a folder, or in a folder that there is not.
    """
    if path.is_dir():
        raise UsageError("--out names a file.", got=str(path), hint=f"Try {path / 'labels.csv'}")
    if not path.parent.is_dir():
        raise UsageError("--out names a file in a folder that there is.", got=str(path))


def write_output(path: Path, text: str) -> None:
    """Write it whole or not at all.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    try:
        write_file(path, lambda beside: beside.write_text(text, encoding="utf-8"))
    except OSError as error:
        raise UnavailableError(f"The file {path}", [("writing", str(error))]) from None
