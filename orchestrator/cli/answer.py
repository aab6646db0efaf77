"""Standard output of a command that answers: one JSON object, or text; all else goes to stderr."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any


def print_json(value: Any, *, file: IO[str] | None = None) -> None:
    """Print `value` as one JSON object; NaN and infinities become null, paths strings."""
    file = file or sys.stdout
    json.dump(_jsonable(value), file, indent=2, ensure_ascii=False, allow_nan=False)
    file.write("\n")
    file.flush()


@contextmanager
def stdout_kept_clean(keep: bool) -> Iterator[IO[str]]:
    """Give the real standard output; within, whatever else prints to it lands on stderr.

    Libraries and worker processes print where they like, so file descriptor 1 itself is turned
    round; with `keep` False nothing is changed.
    """
    if not keep:
        yield sys.stdout
        return
    ours = sys.stdout
    ours.flush()
    try:
        saved = os.dup(1) if ours.fileno() == 1 else None
    except (OSError, ValueError):
        saved = None  # a test's stand-in, which has no descriptor
    if saved is None:
        sys.stdout = sys.stderr
        try:
            yield ours
        finally:
            sys.stdout = ours
        return
    os.dup2(2, 1)
    try:
        with os.fdopen(os.dup(saved), "w", encoding="utf-8") as real:
            yield real
    finally:
        ours.flush()
        os.dup2(saved, 1)
        os.close(saved)


def _jsonable(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    return value
