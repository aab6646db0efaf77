"""What `overhead.py` asks of a set-up, and what it is told."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from overhead_trials import STAMP


@dataclass(frozen=True)
class Asked:
    """One search to time.

    Args:
        kind: of `overhead_trials.KINDS`.
        folder: empty; everything of this search lies in it.
    """

    kind: str
    folder: Path
    trials: int
    seed: int
    at_a_time: int = 2

    @property
    def optuna(self) -> str:
        """URL of the study's database."""
        return f"sqlite:///{self.folder}/optuna.db"

    @property
    def mlflow(self) -> str:
        """URL of MLflow's database."""
        return f"sqlite:///{self.folder}/mlflow.db"


@dataclass(frozen=True)
class Took:
    """Unix seconds.

    Args:
        began: the first trial's code began.
        ended: the last trial ended.
        recorded: MLflow held everything.
    """

    began: float
    ended: float
    recorded: float


def read_stamp() -> float:
    """When the first trial's code began."""
    return float(Path(os.environ[STAMP]).read_text())
