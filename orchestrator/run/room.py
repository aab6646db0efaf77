"""Writing to a disk that may be full: waits for room, and says so, instead of failing the trial."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TypeVar

from orchestrator.study.messages import Message

Result = TypeVar("Result")

WAIT_SECONDS = 3.0
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def is_full(error: BaseException) -> bool:
    """Whether a disk or a quota is full."""
    return isinstance(error, OSError) and error.errno in _FULL


def writing(folder: Path, write: Callable[[], Result]) -> Generator[Message, None, Result]:
    """Calls `write` until there is room for what it writes; a message for each time there is none.

    Args:
        folder: to be named to a person.
        write: leaves nothing half done when it raises.
    """
    while True:
        try:
            return write()
        except OSError as error:
            if not is_full(error):
                raise
        yield Message("progress", stage=f"waiting for room on the disk ({folder})")
        time.sleep(WAIT_SECONDS)
