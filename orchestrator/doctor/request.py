"""What a person asks the doctor to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class DoctorRequest:
    """The same options as a search, so that what is looked at is what a search would use.

    Args:
        storage: Optuna URL, as asked for.
        tracking_uri: MLflow URI, as asked for.
        weights_dir: a file or folder to look in for weights first.
        full: also what takes seconds: start Ray, and run something on it.
    """

    storage: str | None = None
    tracking_uri: str | None = None
    weights_dir: Path | None = None
    full: bool = False
