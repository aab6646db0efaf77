"""Each test of the feature cache has a clean home."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small tensors on a busy machine: two threads wait for each other more than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty ORCHESTRATOR_HOME."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(folder))
    return folder
