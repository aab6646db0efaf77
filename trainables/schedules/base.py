"""What a schedule is, and what it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol


class ScheduleSettings(Protocol):
    """The fields of a config that schedules are made from; each reads its own."""

    @property
    def epochs(self) -> int: ...
    @property
    def warmup_share(self) -> float: ...
    @property
    def peak_share(self) -> float: ...
    @property
    def peak_epoch(self) -> float | None: ...
    @property
    def div_factor(self) -> float: ...
    @property
    def final_div_factor(self) -> float: ...
    @property
    def anneal(self) -> str: ...
    @property
    def cycle_momentum(self) -> bool: ...
    @property
    def step_epochs(self) -> int: ...
    @property
    def step_factor(self) -> float: ...


class Schedule(ABC):
    """The learning rate by step, as a share of the peak one. Asked by the loop before each step.

    A pure function: it holds settings, no progress, so that a trial goes on from any step.
    """

    @abstractmethod
    def __call__(self, step: int, total: int, steps_per_epoch: int) -> float:
        """Share of the peak learning rate at `step` of 0..total-1.

        Args:
            total: steps of the whole run.
            steps_per_epoch: for schedules that count epochs.
        """

    def momentum(self, step: int, total: int, steps_per_epoch: int) -> float | None:  # noqa: ARG002
        """SGD's momentum, or Adam's beta1, at `step`; None leaves the optimiser's own alone."""
        return None


class MakesSchedule(Protocol):
    """What the registry holds: a schedule from the fields of a config."""

    def __call__(self, config: ScheduleSettings, /) -> Schedule: ...
