"""The sweep itself: training steps at an exponentially rising learning rate.

Smith, Cyclical Learning Rates for Training Neural Networks, 2017, section 3.3.

Shapes: S steps.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from search_spaces.errors import UsageError
from trainables.lr_range.smoothing import DIVERGED, diverged_at
from trainables.lr_range.suggesting import read_sweep
from trainables.lr_range.value import LrRange

if TYPE_CHECKING:
    import torch

LEAST_STEPS = 10


@dataclass(frozen=True)
class Span:
    """What a sweep of a trial goes over: from where nothing moves to where everything diverges."""

    lr_min: float = 1e-7
    lr_max: float = 10.0
    steps: int = 100


class Swept(Protocol):
    """What a sweep drives; it stays as the sweep leaves it."""

    def set_lr(self, lr: float) -> None:
        """Sets the peak learning rate; what is relative to it (the body's) goes with it."""

    def step(self) -> torch.Tensor:
        """Makes one training step; its batch's mean loss, a scalar left on the device."""


def learning_rates(lr_min: float, lr_max: float, steps: int) -> np.ndarray:
    """[S] from `lr_min` to `lr_max`, both included, evenly spaced in their logarithm.

    Raises:
        UsageError: not 0 < lr_min < lr_max, or too few steps.
    """
    if not 0 < lr_min < lr_max < float("inf"):
        raise UsageError("A range test goes from above 0 to more than that.", got=(lr_min, lr_max))
    if steps < LEAST_STEPS:
        raise UsageError(f"A range test has at least {LEAST_STEPS} steps.", got=steps)
    return np.geomspace(lr_min, lr_max, steps)


def sweep(
    swept: Swept, span: Span, *, look_every: int = 20, names: Sequence[str] | None = None
) -> Generator[int, None, LrRange]:
    """One range test; yields the number of steps made after each one, for a sign of life.

    Args:
        look_every: steps between two in which the host waits for the device.
        names: of the rules that are asked for a suggestion (default: all).

    Raises:
        UsageError: a range or a number of steps that makes no test, or no such rule.
    """
    steps = span.steps
    lrs_S = learning_rates(span.lr_min, span.lr_max, steps)
    losses: list[float] = []
    unread: list[torch.Tensor] = []
    for step, lr in enumerate(lrs_S.tolist()):
        swept.set_lr(lr)
        unread.append(swept.step().detach())
        if len(unread) == look_every or step == steps - 1:
            losses += _read(unread)
            unread = []
            if diverged_at(np.array(losses), steps) is not None:
                break
        yield step + 1
    return read_sweep(
        lrs_S[: len(losses)].tolist(), losses, steps=steps, stopped=_why(losses, lrs_S), names=names
    )


def _read(unread: Sequence[torch.Tensor]) -> list[float]:
    """The losses as numbers: the one place where the host waits."""
    import torch

    return [float(loss) for loss in torch.stack(list(unread)).double().cpu().tolist()]


def _why(losses: Sequence[float], lrs_S: np.ndarray) -> str:
    """Why the sweep ended, empty if it came to its end without diverging."""
    at = diverged_at(np.array(losses), len(lrs_S))
    if at is None:
        return ""
    where = f"at step {at + 1} of {len(lrs_S)}, at a learning rate of {lrs_S[at]:.2g}"
    if not np.isfinite(losses[at]):
        return f"the loss is not finite {where}"
    return f"the loss is more than {DIVERGED:g} times its best {where}"
