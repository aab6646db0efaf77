"""`orchestrator version`: our version, and those of the libraries that decide a result."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of

import typer

from orchestrator.cli.answer import print_json
from orchestrator.cli.options import Json

LIBRARIES = ("torch", "torchvision", "timm", "ray", "optuna", "mlflow", "numpy", "scikit-learn")


def version(as_json: Json = False) -> None:
    """Say which versions are installed."""
    versions = {"orchestrator": _installed("orchestrator"), "python": platform.python_version()}
    versions |= {name: _installed(name) for name in LIBRARIES}
    if as_json:
        print_json({"versions": versions})
        return
    for name, number in versions.items():
        typer.echo(f"{name:<14}{number or 'not installed'}")


def print_version(asked: bool) -> None:
    """Callback of `--version`: print our version and end."""
    if asked:
        typer.echo(f"orchestrator {_installed('orchestrator')}")
        raise typer.Exit


def _installed(name: str) -> str | None:
    try:
        return version_of(name)
    except PackageNotFoundError:
        return None
