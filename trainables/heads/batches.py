"""Minibatches of many heads at once, each drawn from its own head's generator.

Shapes: H heads, B examples of the widest batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch


@dataclass(frozen=True)
class Batch:
    """Rows of the feature matrix for each head; slots beyond a head's own batch weigh nothing.

    Args:
        rows_HB: int64 rows, 0 where there is no example; [1, B] where all heads share them.
        weights_HB: 1 / (size of the head's batch) for an example, 0 for an empty slot.
        active_H: whether the head makes a step at all.
        sizes: examples of each head in this batch.
    """

    rows_HB: torch.Tensor
    weights_HB: torch.Tensor
    active_H: torch.Tensor
    sizes: tuple[int, ...]


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Number of batches in an epoch; the last ones are as large as the first (to one example)."""
    return math.ceil(examples / batch_size)


class Batches:
    """Draws every head's examples without replacement, anew in each epoch.

    A head's order depends on its seed and its number of examples only, never on its neighbours. An
    epoch is cut evenly (100 examples at batch size 64: 50 + 50), so that no step rests on a
    handful. Heads that differ in hyperparameters alone share their batches (`shared`).

    Args:
        seen: examples of each head in an epoch (default: all of its rows).
    """

    def __init__(
        self,
        rows: list[np.ndarray],
        seeds: list[int],
        batch_size: int,
        device: torch.device,
        seen: list[int] | None = None,
    ) -> None:
        seen = [len(rows_N) for rows_N in rows] if seen is None else seen
        alike = [np.array_equal(rows[0], each) for each in rows]
        self.shared = len(rows) > 1 and len({*zip(seeds, seen, strict=True)}) == 1 and all(alike)
        self._heads = len(rows)
        self._rows = rows[:1] if self.shared else rows
        self._generators = [np.random.default_rng([seed, 1]) for seed in seeds[: len(self._rows)]]
        self._seen = seen[: len(self._rows)]
        self._steps = [steps_per_epoch(count, batch_size) for count in self._seen]
        self._device = device

    def state(self) -> list[dict[str, Any]]:
        """Of each head's generator, between two epochs."""
        states = [dict(generator.bit_generator.state) for generator in self._generators]
        return states * self._heads if self.shared else states

    def load_state(self, state: Sequence[dict[str, Any]]) -> None:
        """Goes on from what `state` gave."""
        for generator, saved in zip(self._generators, state[: len(self._rows)], strict=True):
            generator.bit_generator.state = saved

    def epoch(self) -> Iterator[Batch]:
        """The batches of one epoch, sent to the device in one copy."""
        steps, heads = max(self._steps), len(self._rows)
        width = max(math.ceil(n / s) for n, s in zip(self._seen, self._steps, strict=True))
        rows_SHB = np.zeros((steps, heads, width), dtype=np.int64)
        sizes_SH = np.zeros((steps, heads), dtype=np.int64)
        for h, (rows_N, generator) in enumerate(zip(self._rows, self._generators, strict=True)):
            order = generator.permutation(rows_N)[: self._seen[h]]
            parts = np.array_split(order, self._steps[h])
            for step, part in enumerate(parts):
                rows_SHB[step, h, : len(part)] = part
                sizes_SH[step, h] = len(part)
        yield from self._send(rows_SHB, sizes_SH)

    def _send(self, rows_SHB: np.ndarray, sizes_SH: np.ndarray) -> Iterator[Batch]:
        filled_SHB = np.arange(rows_SHB.shape[2]) < sizes_SH[:, :, None]
        weights_SHB = filled_SHB / np.maximum(sizes_SH, 1)[:, :, None]
        rows = torch.from_numpy(rows_SHB).to(self._device)
        weights = torch.from_numpy(weights_SHB.astype(np.float32)).to(self._device)
        active = torch.from_numpy(sizes_SH > 0).to(self._device)
        for step, sizes_H in enumerate(sizes_SH):
            sizes = tuple(sizes_H.tolist())
            if self.shared:
                everywhere = active[step].expand(self._heads)
                yield Batch(rows[step], weights[step], everywhere, sizes * self._heads)
            else:
                yield Batch(rows[step], weights[step], active[step], sizes)
