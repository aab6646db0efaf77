"""Which backbones can be tried: those whose weights are here, or can be fetched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note, stop
from orchestrator.doctor.request import DoctorRequest
from trainables.backbones.hub import hub_reachable
from trainables.backbones.listing import BackboneRow, list_backbones

_HINT = "pip install 'orchestrator[offline]'"


def look(request: DoctorRequest) -> Iterator[Finding]:
    """A line of those that are here, one of the hubs where some are not, one a refused file."""
    rows = list_backbones(weights_dir=request.weights_dir)
    pretrained = [row for row in rows if row.pretrained]
    here = [row.name for row in pretrained if row.weights]
    missing = [row.name for row in pretrained if not row.weights]
    yield from _refused(pretrained)
    if not missing:
        yield judge(here, missing, "")
        return
    answers = {name: hub_reachable(library=name) for name in _libraries(pretrained, missing)}
    away = "; ".join(f"{name}'s hub: {why}" for name, (there, why) in answers.items() if not there)
    yield judge(here, missing, away)


def judge(here: list[str], missing: list[str], away: str) -> Finding:
    """What to say of weights.

    Args:
        here, missing: names of pretrained backbones.
        away: why they cannot be fetched; "" where they can.
    """
    facts: dict[str, Any] = {"here": len(here), "missing": len(missing), "hubs": not away}
    there = f"{len(here)} of {len(here) + len(missing)} here ({', '.join(here)})"
    if not missing:
        return fine("weights", there, **facts)
    if not away:
        says = (
            f"{there}; the others are fetched when a search names them"
            if here
            else ("none here; a search fetches them")
        )
        return fine("weights", says, **facts)
    if here:
        says = f"{there}; the others cannot be had: {away}"
        do = "orchestrator search SPACE --weights-dir FOLDER"
        return note("weights", says, do, **facts)
    says = f"none here, and none to be had: {away}; only nets from scratch can be tried"
    return stop("weights", says, _HINT, **facts)


def _refused(rows: list[BackboneRow]) -> Iterator[Finding]:
    for row in rows:
        if row.problem:
            yield note("weights", row.problem, "take the file away, or fetch it again")


def _libraries(rows: list[BackboneRow], missing: list[str]) -> list[str]:
    wanted = [row.library for row in rows if row.name in missing]
    return [name for name in dict.fromkeys(wanted) if name in ("torchvision", "timm")]


CHECK = Check(look, seconds=60.0)  # hashes files at the first look; imports torchvision for its URL
