"""The wall clock of a search: sessions, and the time since it began without the breaks between.

A search that was stopped on Friday and resumed on Monday searched for no weekend. A session is
the time from the first to the last that is known of a driver; sessions of several drivers that
overlap are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from orchestrator.study.facts import TrialFacts


@dataclass(frozen=True)
class Session:
    """A stretch of time in which the search ran, in Unix seconds."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return self.end - self.start


@dataclass(frozen=True)
class SearchTime:
    """Sessions in order of time, none of which overlaps another."""

    sessions: tuple[Session, ...] = ()

    @property
    def seconds(self) -> float:
        """How long was searched in all."""
        return sum(session.seconds for session in self.sessions)

    @property
    def breaks(self) -> tuple[tuple[float, float], ...]:
        """Seconds searched before each break, and how long the break was."""
        pairs = zip(self.sessions, self.sessions[1:], strict=False)
        return tuple((self.at(one.end), other.start - one.end) for one, other in pairs)

    def at(self, moment: float) -> float:
        """Seconds that had been searched by `moment` (Unix seconds)."""
        return sum(
            min(max(0.0, moment - session.start), session.seconds) for session in self.sessions
        )


def search_time(runs: Sequence[TrialFacts], now: float | None = None) -> SearchTime:
    """The sessions of these trials; `now` ends those in which a trial is running."""
    by_driver = sorted(runs, key=lambda trial: trial.driver)
    groups = [tuple(group) for _, group in groupby(by_driver, key=lambda trial: trial.driver)]
    firsts = [min(map(_started, group)) for group in groups]
    spans = sorted(
        _span(group, now, last=first == max(firsts))
        for group, first in zip(groups, firsts, strict=True)
    )
    return SearchTime(tuple(_joined(spans)))


def _span(group: Sequence[TrialFacts], now: float | None, *, last: bool) -> tuple[float, float]:
    """The first and the last that is known of one driver.

    A trial whose driver died is told FAIL by the next driver, hours later perhaps: only the last
    driver's failures say until when it lived.
    """
    ends = [trial.ended for trial in group if trial.ended and (last or trial.state != "failed")]
    starts = [_started(trial) for trial in group]
    running = [now] if now and any(trial.state == "running" for trial in group) else []
    return min(starts), max([*starts, *ends, *running])


def _joined(spans: Iterable[tuple[float, float]]) -> list[Session]:
    joined: list[Session] = []
    for start, end in spans:
        if joined and start <= joined[-1].end:
            joined[-1] = Session(joined[-1].start, max(joined[-1].end, end))
        else:
            joined.append(Session(start, end))
    return joined


def _started(trial: TrialFacts) -> float:
    return trial.started or 0.0
