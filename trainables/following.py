"""`follow`: what every training does between two epochs, whatever it trains.

It checks that the loss is finite, keeps the history, reports, and saves what it would go on from.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from search_spaces.errors import Diverged
from trainables.checkpoint import Checkpoint
from trainables.reports import EpochReport
from trainables.trained import History, columns, rows


@dataclass(frozen=True, eq=False)
class Epoch:
    """Training after an epoch.

    Args:
        epoch: 1 for the first.
        metrics: `train_loss`, `train_acc` and `lr`; `val_loss` and `val_acc` where validation was
            looked at.
        bad_step: the first step (0 for the training's first) whose loss was not finite, else -1.
        state: gives a copy of all that training goes on from; to be called before the next epoch.
    """

    epoch: int
    metrics: Mapping[str, float]
    bad_step: int
    state: Callable[[], dict[str, Any]]

    @property
    def is_measured(self) -> bool:
        """Whether validation was looked at."""
        return "val_acc" in self.metrics


@dataclass(frozen=True)
class Course:
    """How a training is followed.

    Args:
        epochs: of all of it.
        every: epochs between two reports; the last one is always reported.
        advice: what to change if it diverges, as the end of a sentence.
        checkpoint: where it saves `{**kept, "training": ...}` every so often.
        kept: what else belongs into a checkpoint.
        saved: the "training" to go on from, whose "model" is the `state` of an `Epoch`.
    """

    epochs: int
    every: int
    advice: str
    checkpoint: Checkpoint
    kept: Mapping[str, Any]
    saved: Mapping[str, Any] | None = None


def follow(
    epochs: Iterable[Epoch], course: Course
) -> Generator[EpochReport, None, tuple[History, float]]:
    """Reports epochs until the last one; returns the history and the seconds of all attempts.

    Raises:
        Diverged: the loss is not finite; names the epoch and the step.
    """
    saved, checkpoint = course.saved, course.checkpoint
    started = time.monotonic() - (saved["seconds"] if saved else 0.0)
    history: History = rows(saved["history"]) if saved else []
    for epoch in epochs:

        def state(now: Epoch = epoch) -> dict[str, Any]:
            seconds = time.monotonic() - started
            training = {"model": now.state(), "history": columns(history), "seconds": seconds}
            return {**course.kept, "training": training}

        if epoch.bad_step >= 0:
            raise Diverged(
                f"The training loss is not finite in epoch {epoch.epoch}, step {epoch.bad_step}: "
                f"{course.advice}."
            )
        if epoch.is_measured:
            history.append({"epoch": float(epoch.epoch), **epoch.metrics})
        if epoch.epoch == course.epochs:  # nothing is left to go on with
            yield EpochReport(epoch.epoch, epoch.metrics)
            break
        if epoch.epoch % course.every == 0:
            with checkpoint.saving_if_closed(state):
                yield EpochReport(epoch.epoch, epoch.metrics)
        if history and checkpoint.due():
            checkpoint.save(state())
    return history, time.monotonic() - started
