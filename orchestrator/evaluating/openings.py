"""How often the test split was looked at, counted where whoever reads the result looks.

`trainables/data/test_split.py` writes every opening into a ledger of the data; that one is of this
machine. Beside it each study counts its own, in attributes that no two openings share, so that
several machines count right; a bare folder counts in a file.
"""

from __future__ import annotations

import json
import os
import time
import uuid

from orchestrator.evaluating.source import Source
from search_spaces.errors import UnavailableError
from trainables.data import ImageData, test_openings

KEY = "test_opening."
"""What the names of a study's attributes begin with: one an opening."""
FILE = "test_openings.jsonl"
"""In the folder of a trial whose study is not here: a line an opening."""


def note_opening(source: Source) -> None:
    """Write an opening down; to be called before the test split is opened.

    Raises:
        UnavailableError: the folder cannot be written.
    """
    opening = {"time": time.time(), "what": source.name, "trial": source.trial}
    if source.study is not None:
        source.study.set_user_attr(f"{KEY}{uuid.uuid4().hex[:12]}", opening)
    elif source.folder is not None:
        try:
            # One write to a file opened for appending: two processes never mix their lines.
            file = os.open(source.folder / FILE, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(file, (json.dumps(opening) + "\n").encode())
            finally:
                os.close(file)
        except OSError as error:
            tried = [(str(source.folder / FILE), str(error))]
            raise UnavailableError("The list of test openings", tried) from None


def count_openings(source: Source, data: ImageData) -> tuple[int, str]:
    """How many there were, and whose: `study`, `trial` (a bare folder) or `data` (a bare model)."""
    if source.study is not None:
        held = source.study.user_attrs
        return sum(name.startswith(KEY) for name in held), "study"
    if source.folder is not None:
        path = source.folder / FILE
        lines = path.read_text(errors="replace").splitlines() if path.exists() else []
        return sum(bool(line.strip()) for line in lines), "trial"
    return test_openings(data), "data"
