"""Wall time of a search, and what a kill cost: work lost, and Ray's own detection and restart.

All of it is read from what the search left: the study's times, and when each attempt's files came.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import pairwise
from pathlib import Path
from statistics import median

from auditing import Story, attempts

from orchestrator.study.facts import TrialFacts

TOLERANCE = 1.1
AT_A_TIME = 2


@dataclass(frozen=True)
class Bill:
    """Seconds.

    Args:
        wall: from the first trial's start to the last one's end.
        plain: the same of the uninterrupted search, at the pace of this one.
        lost: work done since the last checkpoint, of the attempt that lost most; attempts that were
            lost together are done again side by side.
        restart: from the kill until a struck trial was under way again: Ray's detection, and the
            start of what runs it (of a driver, too).
        cost: what `lost` and `restart` add to the wall time at the very least.
        pace: seconds of a trial that nothing happened to, as a multiple of one's in the
            uninterrupted search. On a machine that does nothing else it is 1.
    """

    wall: float
    plain: float
    lost: float
    restart: float
    cost: float
    pace: float

    @property
    def is_fair(self) -> bool:
        """Whether it took no longer than it may."""
        return self.wall <= TOLERANCE * self.plain + self.cost

    def __str__(self) -> str:
        own = self.wall - self.cost
        return (
            f"{self.wall:5.1f} s; {self.restart:4.1f} s detection, restart, {self.lost:4.1f} s "
            f"of work lost cost {self.cost:4.1f} s of it; {own:5.1f} s are left = "
            f"{own / self.plain:.2f} x {self.plain:.1f} s uninterrupted (pace {self.pace:.2f})"
        )


def makespan(
    trials: int, seconds: float, *, struck: float = 0.0, slots: int = 0, out: float = 0.0
) -> float:
    """Of equal trials, each given to the slot that is free first; `AT_A_TIME` slots.

    Args:
        struck: when the first `slots` of them are struck.
        out: how much longer the trials take that are under way there then.
    """
    free = [(0.0, slot) for slot in range(AT_A_TIME)]
    for _ in range(trials):
        begin, slot = heappop(free)
        is_hit = slot < slots and begin <= struck < begin + seconds
        heappush(free, (begin + seconds + (out if is_hit else 0.0), slot))
    return max(free)[0]


def wall_seconds(story: Story) -> float:
    """From the first trial's start to the last one's end."""
    starts = [trial.started for trial in story.trials if trial.started]
    ends = [trial.ended for trial in story.counted if trial.ended]
    return max(ends) - min(starts)


def trial_seconds(story: Story) -> float:
    """Median of the trials that nothing happened to."""
    return median(trial.seconds or 0.0 for trial in story.counted if trial.attempt == 1)


def make_bill(story: Story, wall: float, trial: float, struck: float, slots: int) -> Bill:
    """What the search took.

    Args:
        wall, trial: `wall_seconds` and `trial_seconds` of the uninterrupted search.
        struck: when something of it was killed, Unix seconds.
        slots: trials that were struck at once.
    """
    again = [pair for trial in story.trials for pair in _repeated(trial, struck)]
    lost = max((struck - kept for kept, _ in again), default=0.0)
    restart = min((begun - struck for _, begun in again), default=0.0)
    # A machine that others use is now slower, now faster; never to the search's own advantage.
    pace = max(1.0, trial_seconds(story) / trial)
    cost = _cost(story, pace * trial, struck, slots, lost + restart)
    return Bill(wall_seconds(story), pace * wall, lost, restart, cost, pace)


def _cost(story: Story, trial: float, struck: float, slots: int, out: float) -> float:
    """By which an outage lengthens a search of equal trials that never waits otherwise."""
    trials = len(story.counted)
    ends = sum((each.ended or 0.0) < struck for each in story.counted)
    moment = (ends / AT_A_TIME + 0.5) * trial  # amid the trials that were under way then
    hit = makespan(trials, trial, struck=moment, slots=slots, out=out)
    return hit - makespan(trials, trial)


def _repeated(trial: TrialFacts, struck: float) -> list[tuple[float, float]]:
    """Of attempts that were cut off: up to when their work is kept, and when it was taken up."""
    if trial.attempt == 1:
        return []
    pairs = []
    first = Path(trial.folder).parent / f"{trial.number:05d}"  # may not have come to a folder
    for former, latter in pairwise([first, *(x for x in attempts(trial) if x != first)]):
        began, begun = _began(former, trial), _began(latter, trial)
        if begun > struck:
            pairs.append((min(struck, _kept(former, began, struck)), begun))
    return pairs


def _began(folder: Path, trial: TrialFacts) -> float:
    """The config is the first file that an attempt writes; a first one may not come that far."""
    config = folder / "config.json"
    return config.stat().st_mtime if config.exists() else float(trial.started or 0.0)


def _kept(folder: Path, began: float, struck: float) -> float:
    """Up to when the work of an attempt survives it."""
    saved = [path.stat().st_mtime for path in folder.glob("checkpoint/**/*.safetensors")]
    return max([began, *(moment for moment in saved if moment <= struck)])
