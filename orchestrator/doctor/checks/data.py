"""Which image data is stored here, and what a first search would have to fetch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from orchestrator.doctor.bounded import Check
from orchestrator.doctor.finding import Finding, fine, note
from orchestrator.doctor.request import DoctorRequest
from trainables.data.listing import SourceInfo, list_sources

_DEFAULT = "cifar10"  # SearchRequest's own


def look(request: DoctorRequest) -> Iterator[Finding]:
    """One line."""
    del request
    yield judge(list_sources())


def judge(sources: Sequence[SourceInfo]) -> Finding:
    """What to say of data; `digits` needs no fetching, and is never missing."""
    here = [source.name for source in sources if source.present]
    facts: dict[str, Any] = {"stored": len(here), _DEFAULT: _DEFAULT in here}
    words = f"stored: {', '.join(here)}" if here else "none stored yet"
    if _DEFAULT in here:
        return fine("data", words, **facts)
    says = f"{words}; {_DEFAULT} is fetched by the first search that wants it (170 MB)"
    return note("data", says, f"orchestrator data fetch {_DEFAULT}", **facts)


CHECK = Check(look)
