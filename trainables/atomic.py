"""Files that are whole or not there, and JSON that any reader takes."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as JSON with finite floats or null."""
    text = json.dumps(_finite(value), indent=1, allow_nan=False)
    write_file(path, lambda beside: beside.write_text(text + "\n"))


def write_file(path: Path, write: Callable[[Path], Any]) -> None:
    """Writes beside `path` and moves into place; leaves nothing behind when it fails."""
    # The suffix stays last: np.savez would add its own.
    handle, name = tempfile.mkstemp(prefix=".writing-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    beside = Path(name)
    try:
        write(beside)
        beside.chmod(0o644)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _finite(value: Any) -> Any:
    """JSON has no NaN and no infinity: they become null; NumPy's scalars become Python's."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
