"""What a figure was measured on, in a line, and by which command."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from importlib.metadata import version
from pathlib import Path


def machine(*packages: str) -> str:
    """Processor, cores, Python and the versions of `packages`."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    python = platform.python_version()
    return f"{_processor()}, {os.cpu_count()} cores; Python {python}, {versions}."


def command() -> str:
    """As it was typed, so that anybody can run it again."""
    return f"python benchmarks/{shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]])}"


def _processor() -> str:
    """The processor's name where Linux tells it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
