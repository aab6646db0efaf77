"""`fit`: the epochs of one net."""

from __future__ import annotations

from collections.abc import Iterator

from trainables.following import Epoch
from trainables.training.training import Training


def fit(training: Training, *, every: int = 1) -> Iterator[Epoch]:
    """Trains what is left of `training.config.epochs`; may be left after any epoch.

    Args:
        every: epochs between two after which validation is measured; the last one always is.
    """
    epochs = training.config.epochs
    while not training.has_ended:
        coming = training.epoch + 1
        yield training.run_epoch(measured=coming % every == 0 or coming == epochs)
