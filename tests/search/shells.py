"""Runs the command line as a person would, in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Untrained bodies and scikit-learn's digits: no network, a second or two a trial.
SMALL = (
    "--data", "digits", "--train-size", "40", "--val-size", "40", "--weights", "random",
    "--backbones", "tf_efficientnet_lite0", "--set", "input_size=32", "--set", "epochs=5",
    "--keep-models", "0",
)  # fmt: skip


@dataclass(frozen=True)
class Shell:
    """A working folder and the `orchestrator` of this environment."""

    folder: Path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a process group of its own."""
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "orchestrator.cli", *arguments],
            cwd=self.folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, status: int = 0, timeout: float = 240) -> str:
        """Standard output of a command that ends with `status`."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=timeout)
        assert process.returncode == status, f"status {process.returncode}\n{out}\n{err}"
        return out

    def json(self, *arguments: str, timeout: float = 240) -> dict[str, Any]:
        """The object that a `--json` command prints."""
        return json.loads(self.run(*arguments, "--json", timeout=timeout))
