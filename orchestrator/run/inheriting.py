"""What an attempt takes over from the one before it: checkpoint, history, or all that was done.

Everything is copied whole and in an order that lets it be done again after a kill at any moment.
"""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

from orchestrator.run.trainable import Trainable
from orchestrator.study.messages import Assignment
from trainables.atomic import write_file
from trainables.checkpoint import Checkpoint
from trainables.history import read_history, write_history
from trainables.record import read_metrics

CHECKPOINT = "checkpoint"
_CONFIG, _HISTORY, _REPORT = "config.json", "history.json", "report.json"
_LEFTOVERS = (_HISTORY, _REPORT, "predictions.parquet", "examples.npz", "weights.safetensors")


def take_over(assignment: Assignment, trainable: Trainable) -> None:
    """Fills the attempt's folder from its predecessor's; what is there for another reason goes.

    Of a trial that goes on under its own number all rows of the history are kept, since the study
    and its followers have them; of another trial only those that the checkpoint has behind it.
    """
    folder, former = Path(assignment.folder), Path(assignment.inherits)
    digest = trainable.digest(assignment.config)
    if not assignment.inherits or not _is_of(folder, digest, trainable):
        _clear(folder)
    if not assignment.inherits or former == folder or not _is_of(former, digest, trainable):
        return
    if _is_same_trial(assignment) and _has_report(former):
        _copy_finished(former, folder)
        return
    for place in sorted(former.glob(f"{CHECKPOINT}/**/*.safetensors")):
        with suppress(FileNotFoundError):  # a worker taken for lost may still live, and end
            _copy(place, folder / place.relative_to(former))
    if not (folder / _HISTORY).exists():
        last = Checkpoint(folder / CHECKPOINT, digest=digest).epoch
        all_hold = _is_same_trial(assignment) or assignment.rungs  # a rung is a result of its own
        rows = [row for row in read_history(former) if all_hold or row["epoch"] <= last]
        write_history(folder, rows)


def has_finished(assignment: Assignment) -> bool:
    """Whether this very trial came to its report before, and only its last word was lost."""
    return _is_same_trial(assignment) and _has_report(Path(assignment.folder))


def _is_same_trial(assignment: Assignment) -> bool:
    return assignment.attempt > 1


def _has_report(folder: Path) -> bool:
    try:
        read_metrics(folder)
    except (OSError, ValueError):  # none, or one that was new when the power went
        return False
    return True


def _is_of(folder: Path, digest: str, trainable: Trainable) -> bool:
    """Whether what lies there was made with the same config."""
    try:
        return trainable.digest(json.loads((folder / _CONFIG).read_text())) == digest
    except (OSError, ValueError, TypeError):
        return False


def _clear(folder: Path) -> None:
    for name in _LEFTOVERS:
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / CHECKPOINT, ignore_errors=True)


def _copy_finished(former: Path, folder: Path) -> None:
    """All files, the report last: its presence means that all is there."""
    files = [file for file in sorted(former.iterdir()) if file.is_file()]
    for file in sorted(files, key=lambda file: file.name == _REPORT):
        if not file.name.startswith(("error.", ".writing-")):
            _copy(file, folder / file.name)


def _copy(source: Path, target: Path) -> None:
    """Whole or not at all; what is there already is as new or newer."""
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        write_file(target, partial(shutil.copyfile, source))
