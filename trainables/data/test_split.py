"""The one door to the test split. Each opening is written down before a pixel is handed out.

The ledger is keyed by the data's digest, outside the array store, so that data that is made again
keeps its history.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from search_spaces.errors import UnavailableError, UsageError
from trainables.data.arrays import read_folder
from trainables.data.value import ImageData
from trainables.home import HINT, home, home_folder


@dataclass(frozen=True)
class TestOpening:
    """One look at the test split.

    Args:
        time: when, unix seconds.
        purpose: what for, in words.
        program: by which command line.
        evaluation: whether anything was measured on it; a search for duplicates measures nothing.
    """

    __test__ = False  # not a test class, whatever pytest makes of the name

    time: float
    purpose: str
    program: str = ""
    evaluation: bool = True


def open_test(
    data: ImageData, *, purpose: str, evaluation: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Test images (uint8 [N,H,W,3]) and labels (int64 [N]), read-only; counted.

    Args:
        purpose: what for, in words: promotion, a reference table.
        evaluation: False only for who looks at the data itself (`orchestrator data check`) and
            measures no model; written down too, but not among `test_openings`.

    Raises:
        UsageError: no purpose, or data that has no test split.
        UnavailableError: the stored data is gone, or the opening cannot be written down.
    """
    if not purpose.strip():
        raise UsageError("Opening the test split needs a purpose.", got=purpose)
    if data.folder is None:
        raise UsageError("Data made in memory has no test split.", got=data.name)
    stored = read_folder(data.folder)
    if stored is None or stored.meta["digest"] != data.digest:
        raise UnavailableError(f"The test split of {data.name} (digest {data.digest})")
    program = " ".join(sys.argv)[:200]
    _write_down(data, TestOpening(time.time(), purpose.strip(), program, evaluation))
    return stored.array("test_images"), stored.array("test_labels")


def test_openings(data: ImageData) -> int:
    """How many times this data's test split was opened with this home folder to measure on it."""
    return sum(opening.evaluation for opening in read_ledger(data))


# By its name pytest would collect it wherever it is imported.
test_openings.__test__ = False  # type: ignore[attr-defined]


def read_ledger(data: ImageData) -> tuple[TestOpening, ...]:
    """Every opening, the oldest first. A line that cannot be read still counts as one."""
    try:
        lines = _ledger(data).read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ()
    return tuple(_read_line(line) for line in lines if line.strip())


def _read_line(line: str) -> TestOpening:
    try:
        return TestOpening(**json.loads(line))
    except (ValueError, TypeError):
        return TestOpening(0.0, "unreadable line in the ledger")


def _ledger(data: ImageData) -> Path:
    return home() / "test_openings" / f"{data.digest}.jsonl"


def _write_down(data: ImageData, opening: TestOpening) -> None:
    home_folder("test_openings")
    line = json.dumps(asdict(opening)) + "\n"
    try:
        # One write to a file opened for appending: two processes never mix their lines.
        ledger = os.open(_ledger(data), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(ledger, line.encode())
        finally:
            os.close(ledger)
    except OSError as error:
        tried = [(str(_ledger(data)), str(error))]
        raise UnavailableError("The ledger of test openings", tried, hint=HINT) from None
