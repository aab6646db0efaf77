"""Which rows each step of an epoch sees: labelled ones, and those of the pool that take part.

Shapes: N labelled rows, P of the pool, B of a batch, U of the pool beside a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from trainables.training.order import shuffled_batches, steps_per_epoch
from trainables.weak import ALONE, parse_weak
from trainables.weak.mixing import Mixing

if TYPE_CHECKING:
    from trainables.training.recipe import Task

Step = tuple[torch.Tensor, torch.Tensor | None]
"""Rows [B] with labels or pseudo-labels, and rows [U] without any; None where there are none."""


class Batches:
    """Draws the rows of an epoch, as the options of `weak` say (`Mixing`).

    Without a pool this is `shuffled_batches` of the labelled rows, draw for draw.
    """

    def __init__(self, task: Task) -> None:
        weak = task.config.weak
        options = {} if weak == ALONE else parse_weak(weak).options
        self._train_N = task.train_N
        self._pool_P = task.train_N[:0] if task.pool_P is None else task.pool_P
        self._mixing = Mixing.of(options, task.config.batch_size, len(self._pool_P))

    @property
    def per_epoch(self) -> int:
        """Steps."""
        return self._mixing.steps(len(self._train_N), len(self._pool_P))

    @property
    def images(self) -> int:
        """Images that go through the net in an epoch."""
        return self._mixing.images(len(self._train_N), len(self._pool_P))

    def epoch(self, generator: torch.Generator) -> list[Step]:
        """The rows of each step."""
        mixing = self._mixing
        if mixing.beside:
            own = self._over(self._train_N, mixing.size, generator)
            beside = self._over(self._pool_P, mixing.beside, generator)
            return list(zip(own, beside, strict=True))
        if mixing.own:
            own = self._over(self._train_N, mixing.own, generator)
            others = self._over(self._pool_P, mixing.size - mixing.own, generator)
            return [(torch.cat(pair), None) for pair in zip(own, others, strict=True)]
        rows = torch.cat([self._train_N, self._pool_P])
        return [(rows_B, None) for rows_B in shuffled_batches(rows, mixing.size, generator)]

    def _over(
        self, rows: torch.Tensor, size: int, generator: torch.Generator
    ) -> tuple[torch.Tensor, ...]:
        """`rows` over all steps: one pass, cut evenly, or as many as fill `size` a step."""
        steps, count = self.per_epoch, len(rows)
        once = steps == steps_per_epoch(count, size)
        passes = 1 if once else -(-size * steps // count)
        orders = [
            torch.randperm(count, generator=generator, device=rows.device) for _ in range(passes)
        ]
        order = torch.cat(orders)[: count if once else size * steps]
        return rows[order].tensor_split(steps)
