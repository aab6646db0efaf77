"""The wall clock of a search: sessions, and the time since it began without the breaks between.

A search that was stopped on Friday and resumed on Monday searched for no weekend. A session is
the time from the first to the last that is known of a driver; sessions of several drivers that
overlap are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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

    def holds(self, moment: float) -> bool:
        """Whether `moment` is in it; both ends are."""
        return self.start <= moment <= self.end


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

    def session(self, moment: float) -> Session | None:
        """The session that holds `moment`."""
        return next((each for each in self.sessions if each.holds(moment)), None)


def search_time(runs: Sequence[TrialFacts], now: float | None = None) -> SearchTime:
    """The sessions of these trials; `now` ends those in which a trial is running."""
    spans = [_span(runs, driver, now) for driver in {trial.driver for trial in runs}]
    return SearchTime(tuple(_joined(sorted(span for span in spans if span is not None))))


def has_gone_on(trial: TrialFacts) -> bool:
    """Whether its newest attempt is not its first: `started` is then another driver's, perhaps."""
    return trial.attempt > 1


def known_end(trial: TrialFacts) -> float | None:
    """When its newest attempt ended, if that is known.

    Of a trial whose driver died it is not: that was noticed by the next one, hours later perhaps.
    Of one that goes on, what the study holds is the end of the attempt before.
    """
    if trial.state == "running" or trial.reason.startswith("its driver"):
        return None
    return trial.ended


def _span(runs: Sequence[TrialFacts], driver: str, now: float | None) -> tuple[float, float] | None:
    """The first and the last that is known of one driver."""
    own = [trial for trial in runs if trial.driver == driver]
    starts = [trial.started or 0.0 for trial in own if not has_gone_on(trial)]
    ends = [end for trial in own if (end := known_end(trial)) is not None]
    if now is not None and any(trial.state == "running" for trial in own):
        ends.append(now)
    if not starts:  # it did nothing but go on with what others had begun
        starts = [max(_before_end(trial), _left_off(runs, trial)) for trial in own if trial.ended]
    return (min(starts), max([*starts, *ends])) if starts else None


def _before_end(trial: TrialFacts) -> float:
    """Where the trial would have begun, had it run without a break until it ended."""
    return (trial.ended or 0.0) - (trial.seconds or 0.0)


def _left_off(runs: Sequence[TrialFacts], trial: TrialFacts) -> float:
    """The last that is known of other drivers before `trial` ended."""
    moments = [
        moment
        for other in runs
        if other.driver != trial.driver
        for moment in (None if has_gone_on(other) else other.started, known_end(other))
        if moment is not None and moment < (trial.ended or 0.0)
    ]
    return max(moments, default=0.0)


def _joined(spans: Iterable[tuple[float, float]]) -> list[Session]:
    joined: list[Session] = []
    for start, end in spans:
        if joined and start <= joined[-1].end:
            joined[-1] = Session(joined[-1].start, max(joined[-1].end, end))
        else:
            joined.append(Session(start, end))
    return joined
