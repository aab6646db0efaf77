"""Where this project keeps what can be made again: data, features, weights, measured speeds."""

from __future__ import annotations

import os
from pathlib import Path

from search_spaces.errors import UnavailableError


def home() -> Path:
    """`ORCHESTRATOR_HOME`, else the user's cache folder (`XDG_CACHE_HOME` or `~/.cache`)."""
    if chosen := os.environ.get("ORCHESTRATOR_HOME"):
        return Path(chosen).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser().absolute() / "orchestrator"


def home_folder(*parts: str) -> Path:
    """A folder under `home()`, made if missing.

    Raises:
        UnavailableError: it cannot be made or written to.
    """
    folder = home().joinpath(*parts)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, "making it", str(error)) from None
    if not os.access(folder, os.W_OK):
        raise _unusable(folder, "writing to it", "it is read-only")
    return folder


def _unusable(folder: Path, tried: str, reason: str) -> UnavailableError:
    return UnavailableError(f"The cache folder {folder}", [(tried, reason)], hint=HINT)


HINT = "Set ORCHESTRATOR_HOME to a folder that can be written to."
