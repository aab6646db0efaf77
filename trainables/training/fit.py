"""`fit`: the epochs of one net."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

from trainables.training.recipe import NetEpoch, Task
from trainables.training.training import Training


def fit(
    task: Task, state: Mapping[str, Any] | None = None, *, every: int = 1
) -> Generator[NetEpoch, None, Training]:
    """Trains `task.model`; may be closed after any epoch. Returns the training itself.

    Args:
        every: epochs between two after which validation is measured; the last one always is.
        state: of a `NetEpoch` of the same task, to go on after it to the last bit.
    """
    training = Training(task, state)
    epochs = task.config.epochs
    while training.epoch < epochs:
        coming = training.epoch + 1
        yield training.run_epoch(measured=coming % every == 0 or coming == epochs)
    return training
