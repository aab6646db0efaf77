"""Checkpoints of a trial that has ended: nobody goes on from them."""

from __future__ import annotations

import shutil
from pathlib import Path

from orchestrator.run.inheriting import CHECKPOINT
from orchestrator.study.messages import Assignment


def forget_checkpoints(assignment: Assignment) -> None:
    """Remove those of all attempts, as far as they lie on a disk that this process sees."""
    folder = Path(assignment.folder)
    stem = folder.name.partition("-")[0]
    for attempt in folder.parent.glob(f"{stem}*"):
        shutil.rmtree(attempt / CHECKPOINT, ignore_errors=True)
