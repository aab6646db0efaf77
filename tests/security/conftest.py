"""Things that leave a mark if they are run."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


class Malice:
    """An object that makes a folder when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.fixture
def mark(tmp_path: Path) -> Path:
    """A folder that is there only if something was run."""
    return tmp_path / "it was run"


@pytest.fixture
def malice(mark: Path) -> Malice:
    """Proven to work: whoever unpickles it carelessly makes the mark."""
    import pickle

    pickle.loads(pickle.dumps(Malice(mark)))
    assert mark.is_dir(), "the malice is harmless: the tests test nothing"
    mark.rmdir()
    return Malice(mark)
