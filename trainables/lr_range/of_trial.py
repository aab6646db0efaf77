"""The range test of a trial: its own net, batches, augmentation, optimiser and precision.

Each sweep trains a task of its own, made for it and thrown away with it: that leaves nothing to put
back (the trial's net starts as if there had been no test), and costs one copy of the net, as much
as keeping all that would have to be put back.

Shapes: N labelled images, F features, B of a batch.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Generator, Iterator

import numpy as np
import torch

from trainables.config import TrialConfig
from trainables.inputs import cached_inputs
from trainables.lr_range.several import RangeTest
from trainables.lr_range.sweep import Span, sweep
from trainables.lr_range.value import LrRange
from trainables.net_parts import make_parts
from trainables.reports import Progress
from trainables.setup import TrialSetup
from trainables.training import Training
from trainables.training.order import shuffled_batches
from trainables.weights_digest import weights_digest

STAGE = "range test"
_TELL_SECONDS = 1.0


class SweptTraining:
    """A `Training` as `sweep` drives it; its batches go on over as many epochs as it takes."""

    def __init__(self, training: Training) -> None:
        self._training = training
        self._factor = 0.0
        self._batches = self._over_epochs()

    def set_lr(self, lr: float) -> None:
        """Of the head; the body keeps its share of it."""
        self._factor = lr / self._training.config.lr

    def step(self) -> torch.Tensor:
        """One step; its batch's mean loss."""
        rows_B = next(self._batches)
        return self._training.step_at(self._factor, rows_B) / len(rows_B)

    def _over_epochs(self) -> Iterator[torch.Tensor]:
        training = self._training
        generator, size = training.randomness.generator, training.config.batch_size
        while True:
            yield from shuffled_batches(training.task.train_N, size, generator)
            training.epoch += 1


def sweep_trial(
    config: TrialConfig, setup: TrialSetup, inputs_NF: np.ndarray | None, span: Span
) -> Generator[int, None, LrRange]:
    """One sweep with the seed of `config`; yields the number of steps made.

    A linear probe is swept by the general loop: the same optimiser on the same features.

    Args:
        inputs_NF: of `inputs.cached_inputs`.

    Raises:
        InfeasibleTrial: the head or what is to be tuned does not go with the body.
    """
    # What a sweep has no use for: its own rates replace the schedule, nothing is measured or kept.
    recipe = config.replace(schedule="constant", epochs=1, ema=None, compile=False)
    training = Training(make_parts(recipe, setup, inputs_NF).task)
    return (yield from sweep(SweptTraining(training), span))


def range_test(
    config: TrialConfig, setup: TrialSetup, span: Span, *, seeds: int = 1
) -> Generator[Progress, None, RangeTest]:
    """The sweeps of `seeds` seeds, from that of `config` on; a sign of life about once a second.

    Raises:
        as `cached_inputs` and `sweep_trial`.
    """
    ranges = []
    for number in range(seeds):
        one = config.replace(seed=config.seed + number)
        own = _of_seed(setup, one)
        inputs_NF, _ = yield from cached_inputs(one, own)
        made = sweep_trial(one, own, inputs_NF, span)
        ranges.append((yield from telling(made, span, sweep=number, sweeps=seeds)))
    return RangeTest(tuple(ranges))


def telling(
    made: Generator[int, None, LrRange], span: Span, *, sweep: int = 0, sweeps: int = 1
) -> Generator[Progress, None, LrRange]:
    """The steps of a sweep as signs of life, of `sweeps` in all."""
    total, before, told = span.steps * sweeps, span.steps * sweep, time.monotonic()
    yield Progress(STAGE, before, total, unit="steps")
    while True:
        try:
            done = next(made)
        except StopIteration as end:
            found: LrRange = end.value
            return found
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            yield Progress(STAGE, before + done, total, unit="steps")


def _of_seed(setup: TrialSetup, config: TrialConfig) -> TrialSetup:
    """A body from scratch is another one with every seed."""
    key = dataclasses.replace(setup.key, weights_digest=weights_digest(config))
    return dataclasses.replace(setup, key=key)
