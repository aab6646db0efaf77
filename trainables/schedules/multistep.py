"""The learning rate falls by a factor every so many epochs (He et al., ResNet, 2016)."""

from __future__ import annotations

from dataclasses import dataclass

from trainables.schedules.base import Schedule, ScheduleSettings


@dataclass(frozen=True)
class MultiStep(Schedule):
    """Reference D: x 0.1 every 30 epochs. torch's MultiStepLR, stepped once an epoch.

    Args:
        step_epochs: epochs between two falls, at least 1.
        step_factor: by which the learning rate is multiplied, above 0 and at most 1.
    """

    step_epochs: int
    step_factor: float

    def __call__(self, step: int, total: int, steps_per_epoch: int) -> float:  # noqa: ARG002
        epoch = step // steps_per_epoch
        return self.step_factor ** (epoch // self.step_epochs)


def make_multistep(config: ScheduleSettings) -> MultiStep:
    """From `step_epochs` and `step_factor`."""
    return MultiStep(config.step_epochs, config.step_factor)
