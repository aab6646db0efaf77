"""One cycle: up to the peak, then down again.

Smith and Topin, Super-Convergence, 2018. Step by step the figures are those of torch's OneCycleLR
(two phases), with two differences of default that matter: the final learning rate is the first one
unless more is asked (torch's final_div_factor of 1e4 is annihilation), and Adam's beta1 is left
alone unless asked (torch moves it from 0.95 to 0.85 and back).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from search_spaces.errors import InfeasibleTrial, UsageError
from trainables.schedules.base import Schedule, ScheduleSettings

# Momentum away from the peak and at it: Smith and Topin's, and torch's.
MOMENTUM_HIGH = 0.95
MOMENTUM_LOW = 0.85


@dataclass(frozen=True)
class OneCycle(Schedule):
    """From 1 / div_factor up to 1 and down to 1 / (div_factor * final_div_factor).

    The peak is the last step of the rise: with 98 steps an epoch, peak_epoch 5 is step 489.

    Args:
        peak_share: share of the steps that the rise takes, 0 to 1.
        peak_epoch: epochs that the rise takes; None leaves it to `peak_share`.
        div_factor: peak / first learning rate, at least 1.
        final_div_factor: FIRST / last learning rate, above 0; 1 ends where it began.
        anneal: `"linear"` or `"cosine"`, both ways.
        cycle_momentum: whether momentum (beta1) goes from 0.95 to 0.85 at the peak and back.

    Raises:
        UsageError: no such way to anneal.
        InfeasibleTrial: when called, if the peak lies behind the last step.
    """

    peak_share: float
    peak_epoch: float | None
    div_factor: float
    final_div_factor: float
    anneal: str
    cycle_momentum: bool

    def __post_init__(self) -> None:
        if self.anneal not in ("linear", "cosine"):
            raise UsageError("A cycle is annealed linear or cosine.", got=self.anneal)

    def __call__(self, step: int, total: int, steps_per_epoch: int) -> float:
        first = 1 / self.div_factor
        return self._between(
            step, total, steps_per_epoch, first, 1.0, first / self.final_div_factor
        )

    def momentum(self, step: int, total: int, steps_per_epoch: int) -> float | None:
        if not self.cycle_momentum:
            return None
        ends = (MOMENTUM_HIGH, MOMENTUM_LOW, MOMENTUM_HIGH)
        return self._between(step, total, steps_per_epoch, *ends)

    def _between(
        self, step: int, total: int, steps_per_epoch: int, first: float, peak: float, last: float
    ) -> float:
        at = self._peak_step(total, steps_per_epoch)
        if step < at:
            return self._anneal(first, peak, step / at)
        return self._anneal(peak, last, (step - at) / max(1, total - 1 - at))

    def _peak_step(self, total: int, steps_per_epoch: int) -> float:
        """Not rounded, as in torch; 0 where the rise has no step of its own."""
        if self.peak_epoch is None:
            return max(0.0, self.peak_share * total - 1)
        if self.peak_epoch * steps_per_epoch > total:
            raise _peak_outside(self.peak_epoch, total / steps_per_epoch)
        return max(0.0, self.peak_epoch * steps_per_epoch - 1)

    def _anneal(self, start: float, end: float, share: float) -> float:
        if self.anneal == "linear":
            return start + (end - start) * share
        return end + (start - end) / 2 * (1 + math.cos(math.pi * share))


def make_onecycle(config: ScheduleSettings) -> OneCycle:
    """From the fields of `OneCycle`.

    Raises:
        InfeasibleTrial: the peak lies behind the last epoch.
    """
    if config.peak_epoch is not None and config.peak_epoch > config.epochs:
        raise _peak_outside(config.peak_epoch, config.epochs)
    return OneCycle(
        config.peak_share, config.peak_epoch, config.div_factor, config.final_div_factor,
        config.anneal, config.cycle_momentum,
    )  # fmt: skip


def _peak_outside(peak_epoch: float, epochs: float) -> InfeasibleTrial:
    return InfeasibleTrial(
        f"The peak of a cycle lies within its run: peak_epoch is {peak_epoch:g}, and there are "
        f"{epochs:g} epochs. Take a peak_epoch of at most {epochs:g}, or peak_share, which goes "
        "with the length of the run."
    )
