"""`StepRates`: the learning rate of every step, put into an optimiser."""

from __future__ import annotations

import numpy as np
import torch

from trainables.schedules.base import Schedule


class StepRates:
    """Sets each group's learning rate to its `peak` times the schedule's factor.

    Args:
        schedule: share of the peak by step; and of the momentum, where it moves that too.
        optimiser: its groups say their `peak`.
    """

    def __init__(
        self, schedule: Schedule, optimiser: torch.optim.Optimizer, epochs: int, per_epoch: int
    ) -> None:
        self._optimiser = optimiser
        total = epochs * per_epoch
        self._factors = [schedule(step, total, per_epoch) for step in range(total)]
        self._momenta = [schedule.momentum(step, total, per_epoch) for step in range(total)]

    def set(self, step: int) -> None:
        """Before step 0..total-1."""
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * self._factors[step]
            momentum = self._momenta[step]
            if momentum is not None and "betas" in group:
                group["betas"] = (momentum, group["betas"][1])
            elif momentum is not None:
                group["momentum"] = momentum

    def head_lrs(self) -> np.ndarray:
        """The head's learning rate by step [T]; the body's is always the same share of it."""
        return self._optimiser.param_groups[0]["head_peak"] * np.array(self._factors)
