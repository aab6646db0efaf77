"""Where a search came from: the commit of this project, the versions of what it stands on."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("orchestrator", "torch", "torchvision", "timm", "ray", "optuna", "mlflow", "pandas")


def git_commit() -> str | None:
    """The commit of the checkout this package runs from, with `+` if it was changed since."""
    here = Path(__file__).resolve().parents[2]
    if not (here / ".git").exists():
        return None  # installed from a wheel: some other repository's commit would mislead
    commit = _git(here, "rev-parse", "HEAD")
    dirty = _git(here, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}+" if commit and dirty else commit or None


def versions() -> dict[str, str]:
    """Installed versions by package, Python's first."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _git(folder: Path, *arguments: str) -> str:
    try:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        return ""
