"""Trials over the workers that ran them, and the share of the time in which workers were idle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from orchestrator.pictures.sessions import SearchTime, Session
from orchestrator.study.facts import TrialFacts


@dataclass(frozen=True)
class Bar:
    """A trial from its start to its end, in Unix seconds."""

    trial: TrialFacts
    start: float
    end: float


@dataclass(frozen=True)
class Lane:
    """What one worker ran; a process that took the place of one that had ended is in its lane."""

    name: str
    bars: tuple[Bar, ...]

    @property
    def end(self) -> float:
        """When its last trial ended."""
        return max(bar.end for bar in self.bars)


def lanes(runs: Sequence[TrialFacts], time: SearchTime) -> tuple[Lane, ...]:
    """Lanes by host, in the order in which they were first used.

    A worker is a process, and a search that was resumed has new ones: as lanes of their own they
    would be empty most of the time, and say nothing of how well the machine was used.
    """
    packed: dict[str, list[list[Bar]]] = {}
    for bars in sorted(_by_worker(runs, time), key=lambda bars: bars[0].start):
        open_lanes = packed.setdefault(_host(bars[0].trial), [])
        free = [lane for lane in open_lanes if lane[-1].end <= bars[0].start]
        if free:
            max(free, key=lambda lane: lane[-1].end).extend(bars)
        else:
            open_lanes.append(list(bars))
    return tuple(
        Lane(_name(host, bars), tuple(bars)) for host, group in packed.items() for bars in group
    )


def idle_share(filled: Sequence[Lane], time: SearchTime) -> float | None:
    """1 - busy seconds / (lanes x seconds), over sessions; None where no time has passed.

    A lane counts in the sessions in which it ran something.
    """
    capacity = sum(
        session.seconds
        for session in time.sessions
        for lane in filled
        if any(session.start <= bar.start <= session.end for bar in lane.bars)
    )
    busy = sum(_covered(lane.bars) for lane in filled)
    return max(0.0, 1 - busy / capacity) if capacity > 0 else None


def _by_worker(runs: Sequence[TrialFacts], time: SearchTime) -> list[list[Bar]]:
    """The bars of each worker by start; those of trials whose worker is not known one by one."""
    bars = sorted((_bar(trial, time) for trial in runs), key=lambda bar: bar.trial.worker)
    groups: list[list[Bar]] = []
    for worker, group in groupby(bars, key=lambda bar: bar.trial.worker):
        in_order = sorted(group, key=lambda bar: (bar.start, bar.end))
        groups += [in_order] if worker else [[bar] for bar in in_order]
    return groups


def _bar(trial: TrialFacts, time: SearchTime) -> Bar:
    """Within the session that it started in: a lost trial is told FAIL by the next one."""
    start = trial.started or 0.0
    session = next(
        (each for each in time.sessions if each.start <= start <= each.end), Session(start, start)
    )
    end = trial.ended if trial.ended is not None else session.end
    return Bar(trial, start, max(start, min(end, session.end)))


def _covered(bars: Sequence[Bar]) -> float:
    """Seconds in which at least one of `bars` ran."""
    covered, reached = 0.0, float("-inf")
    for bar in sorted(bars, key=lambda bar: bar.start):
        covered += max(0.0, bar.end - max(bar.start, reached))
        reached = max(reached, bar.end)
    return covered


def _host(trial: TrialFacts) -> str:
    return re.split(r"[:/ ]", trial.worker or trial.driver)[0]


def _name(host: str, bars: Sequence[Bar]) -> str:
    workers = {bar.trial.worker for bar in bars if bar.trial.worker}
    if len(workers) == 1:
        return next(iter(workers))
    known = f"{len(workers)} processes in turn" if workers else "worker not known"
    return f"{host}: {known}" if host else known
