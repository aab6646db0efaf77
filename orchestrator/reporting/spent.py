"""What a study cost: seconds of its trials by what they did, and trials that came to nothing."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.results import TrialResult

_PARTS = ("train_seconds", "extract_seconds", "attack_seconds", "corruption_seconds")


@dataclass(frozen=True)
class Spent:
    """Seconds of trials (of all attempts), wherever they ran.

    Args:
        trials: those whose time is known.
        seconds: of these together.
        parts: of the finished ones, by metric (`train_seconds`, ...), what they spent on it; those
            that took no time are left out.
        finished_seconds: of the finished ones that say so, which the parts are parts of.
        wasted: of trials that failed, were infeasible or diverged.
    """

    trials: int
    seconds: float
    parts: dict[str, float]
    finished_seconds: float
    wasted: float

    def share(self, part: str) -> float | None:
        """Of the finished trials' time; None where it is not known."""
        if part not in self.parts or not self.finished_seconds:
            return None
        return self.parts[part] / self.finished_seconds


def spent(trials: Sequence[TrialResult]) -> Spent:
    """Over trials that ran here: no warm starts, no answered repeats."""
    ran = [t for t in trials if t.seconds and t.origin != "warm_start" and not t.repeat]
    telling = [t for t in ran if t.state == "finished" and any(p in t.metrics for p in _PARTS)]
    parts = {
        part: seconds
        for part in _PARTS
        if (seconds := sum(_finite(t.metrics.get(part)) for t in telling)) > 0
    }
    return Spent(
        trials=len(ran),
        seconds=sum(t.seconds or 0.0 for t in ran),
        parts=parts,
        finished_seconds=sum(t.seconds or 0.0 for t in telling),
        wasted=sum(t.seconds or 0.0 for t in ran if came_to_nothing(t)),
    )


@dataclass(frozen=True)
class Trouble:
    """Trials that came to nothing for one reason."""

    state: str
    reason: str
    trials: tuple[TrialResult, ...]


def troubles(trials: Sequence[TrialResult]) -> tuple[Trouble, ...]:
    """By state and reason, the most frequent first."""
    found = [trial for trial in trials if came_to_nothing(trial)]
    keys = Counter((trial.state, " ".join(trial.reason.split())) for trial in found)
    return tuple(
        Trouble(
            state,
            reason,
            tuple(t for t in found if (t.state, " ".join(t.reason.split())) == (state, reason)),
        )
        for (state, reason), _ in keys.most_common()
    )


def came_to_nothing(trial: TrialResult) -> bool:
    """Failed; or pruned, but not by the pruner: infeasible, diverged."""
    return trial.state == "failed" or (trial.state == "pruned" and trial.stopped_at is None)


def _finite(value: float | None) -> float:
    return value if value is not None and math.isfinite(value) else 0.0
