"""The same learning rate throughout."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.schedules.base import Schedule, ScheduleSettings


@dataclass(frozen=True)
class Constant(Schedule):
    """1 at every step."""

    def __call__(self, step: int, total: int, steps_per_epoch: int) -> float:  # noqa: ARG002
        return 1.0


def make_constant(config: ScheduleSettings) -> Constant:  # noqa: ARG001
    """Needs no field."""
    return Constant()
