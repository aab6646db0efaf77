"""One process at a time sends a study; whoever has been at it alone needs no second look."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock

from orchestrator.study.spec import StudySpec


class Turns:
    """The lock of one study among the processes that send it.

    It lies in the study's folder, which all its drivers share, or else in the temporary one; so it
    keeps order on one machine, or over a shared folder. Where neither is shared (two machines),
    runs are looked for before they are made (`RunBook.is_shared`).
    """

    def __init__(self, spec: StudySpec) -> None:
        folder = Path(spec.folder)
        name = "mlflow"
        if not _can_write(folder):
            folder, name = Path(tempfile.gettempdir()), f"orchestrator-{spec.name}"
        self._lock = FileLock(folder / f"{name}.lock")
        self._holder = folder / f"{name}.sender"
        self._token = secrets.token_hex(8)

    @contextmanager
    def turn(self, seconds: float) -> Iterator[bool]:
        """Hold the lock; True where nobody else has held it since this process did.

        Args:
            seconds: to wait for it.

        Raises:
            filelock.Timeout: another process has it for longer.
        """
        with self._lock.acquire(timeout=seconds):
            alone = _read(self._holder) == self._token
            if not alone:
                with suppress(OSError):
                    self._holder.write_text(self._token)
            yield alone


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _can_write(folder: Path) -> bool:
    """Whether a lock can lie there; a folder that is another machine's is not made here."""
    try:
        (folder / "mlflow.lock").touch()
    except OSError:
        return False
    return True
