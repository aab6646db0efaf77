"""Wall time of a search, and what a kill cost: work lost, and Ray's own detection and restart.

All of it is read from what the search left: the study's times, and when each attempt's files came.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from auditing import Story, attempts

from orchestrator.study.facts import TrialFacts

TOLERANCE = 1.1


@dataclass(frozen=True)
class Bill:
    """Seconds.

    Args:
        wall: from the first trial's start to the last one's end.
        plain: the same of the uninterrupted search.
        lost: work done since the last checkpoint, of the attempt that lost most; attempts that were
            lost together are done again side by side.
        restart: from the kill until a struck trial was under way again: Ray's detection, and the
            start of what runs it (of a driver, too).
    """

    wall: float
    plain: float
    lost: float
    restart: float

    @property
    def allowed(self) -> float:
        """The most that `wall` may be."""
        return TOLERANCE * self.plain + self.lost + self.restart

    @property
    def is_fair(self) -> bool:
        """Whether it took no longer than it may."""
        return self.wall <= self.allowed

    def __str__(self) -> str:
        own = self.wall - self.restart - self.lost
        return (
            f"{self.wall:5.1f} s in all, {self.restart:4.1f} s detection and restart, "
            f"{self.lost:4.1f} s of work lost, leaves {own:5.1f} s = "
            f"{own / self.plain:.2f} x {self.plain:.1f} s uninterrupted"
        )


def wall_seconds(story: Story) -> float:
    """From the first trial's start to the last one's end."""
    starts = [trial.started for trial in story.trials if trial.started]
    ends = [trial.ended for trial in story.counted if trial.ended]
    return max(ends) - min(starts)


def make_bill(story: Story, plain: float, struck: float | None) -> Bill:
    """What the search took.

    Args:
        plain: `wall_seconds` of the uninterrupted search.
        struck: when something of it was killed, Unix seconds; None where nothing was.
    """
    lost = restart = 0.0
    if struck is not None:
        again = [pair for trial in story.trials for pair in _repeated(trial, struck)]
        lost = max((struck - kept for kept, _ in again), default=0.0)
        restart = min((begun - struck for _, begun in again), default=0.0)
    return Bill(wall_seconds(story), plain, lost, restart)


def _repeated(trial: TrialFacts, struck: float) -> list[tuple[float, float]]:
    """Of its attempts that were cut off: up to when the work is kept, and when it was taken up."""
    pairs = []
    for former, latter in pairwise(attempts(trial)):
        began, begun = _began(former, trial), _began(latter, trial)
        if began < struck < begun:
            pairs.append((_kept(former, began, struck), begun))
    return pairs


def _began(folder: Path, trial: TrialFacts) -> float:
    """The config is the first file that an attempt writes; a first one may not come that far."""
    config = folder / "config.json"
    return config.stat().st_mtime if config.exists() else float(trial.started or 0.0)


def _kept(folder: Path, began: float, struck: float) -> float:
    """Up to when the work of an attempt survives it."""
    saved = [path.stat().st_mtime for path in folder.glob("checkpoint/**/*.safetensors")]
    return max([began, *(moment for moment in saved if moment <= struck)])
