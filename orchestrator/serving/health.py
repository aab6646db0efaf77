"""What `/health` says: which model answers, and what is known of the registry."""

from __future__ import annotations

import time
from typing import Any

from orchestrator.serving.reloading import AliasWatcher
from orchestrator.serving.served_model import ModelSlot

_QUIET_SECONDS = 30.0
"""After which a registry that hangs counts as away."""


def health_of(slot: ModelSlot, watcher: AliasWatcher | None, alias: str | None) -> dict[str, Any]:
    """As `answers.Health` describes it."""
    model = slot.current
    watch = watcher.watch if watcher else None
    return {
        "ready": True,
        "model": model.classifier.name,
        "version": model.classifier.version,
        "alias": alias,
        "since": model.since,
        "registry": _registry(watcher) if watcher else None,
        "loading": watch.loading if watch else None,
        "failed": watch.failed if watch else None,
    }


def _registry(watcher: AliasWatcher) -> dict[str, Any]:
    watch, problem = watcher.watch, watcher.watch.away
    silent = time.time() - watch.looked > max(_QUIET_SECONDS, 3 * watcher.every)
    if silent and watch.loading is None:
        problem = problem or "the registry has not answered for a while"
    return {
        "reachable": not problem or watch.gone,
        "looked": watch.looked,
        "problem": problem,
    }
