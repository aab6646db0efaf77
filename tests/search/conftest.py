"""A working folder with a command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from shells import Shell


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty folder to work in."""
    return Shell(tmp_path)
