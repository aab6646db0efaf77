"""Trials over the workers that ran them, and the share of the time in which workers were idle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from orchestrator.pictures.bars import Bar, bars
from orchestrator.pictures.sessions import SearchTime
from orchestrator.study.facts import TrialFacts


@dataclass(frozen=True)
class Lane:
    """What one worker ran; a process that took the place of one that had ended is in its lane."""

    name: str
    bars: tuple[Bar, ...]


def lanes(runs: Sequence[TrialFacts], time: SearchTime) -> tuple[Lane, ...]:
    """Lanes by host, in the order in which they were first used.

    A worker is a process, and a search that was resumed has new ones: as lanes of their own they
    would be empty most of the time, and say nothing of how well the machine was used.
    """
    packed: dict[str, list[list[Bar]]] = {}
    for group in sorted(_by_worker(bars(runs, time)), key=lambda group: group[0].start):
        open_lanes = packed.setdefault(_host(group[0]), [])
        free = [lane for lane in open_lanes if _end(lane) <= group[0].start]
        if free:
            max(free, key=_end).extend(group)
        else:
            open_lanes.append(list(group))
    return tuple(
        Lane(_name(host, held), tuple(held)) for host, lanes in packed.items() for held in lanes
    )


def idle_share(filled: Sequence[Lane], time: SearchTime) -> float | None:
    """1 - busy seconds / (lanes x seconds), over sessions; None where no time has passed.

    A lane counts in the sessions in which it ran something.
    """
    capacity = sum(
        session.seconds
        for session in time.sessions
        for lane in filled
        if any(session.holds(bar.start) for bar in lane.bars)
    )
    busy = sum(_covered(lane.bars) for lane in filled)
    return max(0.0, 1 - busy / capacity) if capacity > 0 else None


def _by_worker(all_bars: Sequence[Bar]) -> list[list[Bar]]:
    """The bars of each worker by start; those whose worker is not known one by one."""
    groups: list[list[Bar]] = []
    for worker, group in groupby(sorted(all_bars, key=_by), key=lambda bar: bar.worker):
        held = list(group)
        groups += [held] if worker else [[bar] for bar in held]
    return groups


def _by(bar: Bar) -> tuple[str, float, float]:
    return bar.worker, bar.start, bar.end


def _end(lane: Sequence[Bar]) -> float:
    return max(bar.end for bar in lane)


def _covered(held: Sequence[Bar]) -> float:
    """Seconds in which at least one of the bars ran."""
    covered, reached = 0.0, float("-inf")
    for bar in sorted(held, key=lambda bar: bar.start):
        covered += max(0.0, bar.end - max(bar.start, reached))
        reached = max(reached, bar.end)
    return covered


def _host(bar: Bar) -> str:
    return re.split(r"[:/ ]", bar.worker or bar.trial.driver)[0]


def _name(host: str, held: Sequence[Bar]) -> str:
    workers = {bar.worker for bar in held if bar.worker}
    if len(workers) == 1:
        return next(iter(workers))
    known = f"{len(workers)} processes in turn" if workers else "worker not known"
    return f"{host}: {known}" if host else known
