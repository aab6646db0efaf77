"""What an exception of a trial means for what happens next, and its record in the trial's folder.

The record is how a failure is told from a lost worker, who leaves none.
"""

from __future__ import annotations

import errno
import json
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orchestrator.run.room import is_full
from orchestrator.study.messages import Failure
from search_spaces.errors import Diverged, InfeasibleTrial, OrchestratorError
from trainables.atomic import write_file, write_json

_RECORD = "error.json"
_TRACEBACK = "error.txt"

# The first that fits; `messages.py` says what happens next.
_CLASSES: tuple[tuple[type[Exception], Failure], ...] = (
    (InfeasibleTrial, "infeasible"),
    (Diverged, "diverged"),
    (OrchestratorError, "failed"),
    (MemoryError, "memory"),
)
# Libraries that raise a plain RuntimeError when memory runs out, and what they say.
_OUT_OF_MEMORY = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "CUDA out of memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def classify(error: Exception) -> Failure:
    """The class of a failure."""
    for kind, failure in _CLASSES:
        if isinstance(error, kind):
            return failure
    if _is_out_of_memory(error):
        return "memory"
    return "failed" if is_full(error) else "bug"


def leave_record(folder: Path, error: Exception) -> None:
    """Writes the class and the reason, and the traceback beside them.

    Raises:
        OSError: it could not be written.
    """
    text = "".join(traceback.format_exception(error))
    write_file(folder / _TRACEBACK, lambda beside: beside.write_text(text))
    write_json(folder / _RECORD, {"failure": classify(error), "reason": _reason(error)})


def read_failure(folder: str) -> tuple[Failure, str]:
    """What a failed attempt left in its folder; no record means that its worker was lost."""
    try:
        record: Mapping[str, Any] = json.loads((Path(folder) / _RECORD).read_text())
        return record["failure"], record["reason"]
    except (OSError, ValueError, KeyError):
        return "lost", "its worker went away without a word"


def clear_record(folder: Path) -> None:
    """Removes what an earlier attempt left."""
    for name in (_RECORD, _TRACEBACK):
        (folder / name).unlink(missing_ok=True)


def _is_out_of_memory(error: Exception) -> bool:
    if isinstance(error, OSError):
        return error.errno == errno.ENOMEM
    # By name: torch's own class is known without importing torch.
    names = {kind.__name__ for kind in type(error).__mro__}
    return "OutOfMemoryError" in names or (
        isinstance(error, RuntimeError) and any(words in str(error) for words in _OUT_OF_MEMORY)
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OrchestratorError):
        return str(error)
    if is_full(error):
        return f"there was no room on the disk: {error}"
    if classify(error) == "memory":
        return f"out of memory: {(str(error) or type(error).__name__).splitlines()[0]}"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno})"
