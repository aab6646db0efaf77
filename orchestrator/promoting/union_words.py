"""What candidate and champion did to each other's images: as words, and as JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from orchestrator.promoting.evidence import Evidence, Transferred
from orchestrator.views.numbers import count


def union_words(evidence: Evidence) -> str:
    """A clause to go behind a difference of robust scores; "" where there is no union."""
    both = _both(evidence)
    if both is None:
        return ""
    own, theirs = both
    cost = f"it lost {_images(own)} by that, and version {evidence.version} {_images(theirs)}"
    return f"; what broke either was tried on both: {cost}"


def union_facts(evidence: Evidence) -> dict[str, Any]:
    """Of each model what `Transferred` holds; empty where there is no union."""
    both = _both(evidence)
    if both is None:
        return {}
    own, theirs = both
    return {"transferred": {"candidate": _told(own), "champion": _told(theirs)}}


def _both(evidence: Evidence) -> tuple[Transferred, Transferred] | None:
    other = evidence.champion
    if evidence.candidate.survival is None or other is None or other.survival is None:
        return None
    own, theirs = evidence.candidate.survival.transferred, other.survival.transferred
    return None if own is None or theirs is None else (own, theirs)


def _told(found: Transferred) -> dict[str, Any]:
    """With lists, as JSON has them."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(found).items()}


def _images(found: Transferred) -> str:
    if not found.images:
        return "none"
    return f"{count(found.images)} more {'image' if found.images == 1 else 'images'}"
