"""When a search ends: enough trials, time, the target, or too many failures; what comes first."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from orchestrator.study.spec import ConditionSpec


@dataclass
class Budget:
    """What one session may use up, and has used up.

    Args:
        trials: that the study is to have in the end; the one budget that is the study's own.
        deadline: in the clock's seconds; no trial starts after it.
        target: ends the search once a trial holds it.
        failures_allowed: trials that may fail in this session.
    """

    trials: int
    deadline: float | None = None
    target: ConditionSpec | None = None
    failures_allowed: int = 10
    clock: Callable[[], float] = time.time
    finished: int = 0
    failures: int = 0
    reached_by: int | None = None

    def is_late(self) -> bool:
        """Whether the time is used up."""
        return self.deadline is not None and self.clock() >= self.deadline

    def meet(self, number: int, metrics: Mapping[str, float]) -> None:
        """Look whether a finished trial holds the target."""
        if self.target is None or self.reached_by is not None:
            return
        value = metrics.get(self.target.metric, math.nan)
        if self.target.violation(value) <= 0:
            self.reached_by = number

    def ending(self) -> str | None:
        """Why no further trial is to start, in words; "" when all are done; None to go on."""
        if self.failures >= max(1, self.failures_allowed):
            times = "trial" if self.failures == 1 else "trials"
            return f"{self.failures} {times} failed in this session; see their reasons"
        if self.reached_by is not None:
            return f"trial {self.reached_by} reached the target {self.target}"
        if self.is_late():
            return "the time budget is used up"
        return "" if self.finished >= self.trials else None
