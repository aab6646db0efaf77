"""When each trial ran, as far as the study knows: a bar, or two for one that went on elsewhere.

The study holds of a trial when it first began, when it last ended, and the seconds of all its
attempts together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.pictures.sessions import SearchTime, has_gone_on, known_end
from orchestrator.study.facts import TrialFacts

_LEAST = 1.0  # seconds; less is left over by rounding


@dataclass(frozen=True)
class Bar:
    """A trial, or a part of it, in Unix seconds.

    Args:
        worker: who ran it; empty where that is not known.
    """

    trial: TrialFacts
    start: float
    end: float
    worker: str


def bars(runs: Sequence[TrialFacts], time: SearchTime) -> tuple[Bar, ...]:
    """The bars of all trials, each within one session."""
    return tuple(bar for trial in runs for bar in _bars(trial, time))


def _bars(trial: TrialFacts, time: SearchTime) -> Iterator[Bar]:
    if not has_gone_on(trial):
        yield _within(trial, trial.started or 0.0, known_end(trial), time)
        return
    worked = trial.seconds or 0.0
    end = known_end(trial)
    if end is None:  # it runs: since when is not known, but its session began with it or before
        session = time.sessions[-1] if time.sessions else None
        newest = Bar(trial, session.start, session.end, "") if session else None
    else:
        session = time.session(end)
        start = max(session.start if session else end, end - worked)
        newest = Bar(trial, start, end, trial.worker)
        worked -= end - start
    before = time.session(trial.started or 0.0)
    if before is not None and before != session and worked > _LEAST:
        started = trial.started or 0.0
        yield Bar(trial, started, min(before.end, started + worked), "")
    if newest is not None:
        yield newest


def _within(trial: TrialFacts, start: float, end: float | None, time: SearchTime) -> Bar:
    """Until the end of the session that it started in, where its own end is not known."""
    session = time.session(start)
    last = session.end if session else start
    return Bar(trial, start, max(start, last if end is None else min(end, last)), trial.worker)
