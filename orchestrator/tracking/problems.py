"""Where what went wrong is written down for whoever looks into it: once each, in `mlflow.log`."""

from __future__ import annotations

import logging

_log = logging.getLogger(__name__)
_known: set[str] = set()
_MOST = 1000  # different ones; an outage repeats a few for hours


def write_down(error: Exception) -> None:
    """With its traceback, for a process that logs (`orchestrator sync` says it in words)."""
    text = f"{type(error).__name__}: {error}"
    if text not in _known and len(_known) < _MOST:
        _known.add(text)
        _log.info("%s", text, exc_info=error)
