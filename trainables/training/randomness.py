"""Where a training's chance comes from: its seed alone, wherever and whenever it runs.

Order, augmentation and mixup draw from a generator on the device. Dropout layers of other people's
nets draw from torch's global generator, which is lent to the training while an epoch runs and
given back as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch


class Randomness:
    """The generators of one training.

    Args:
        seed: of all of them.
        device: of the training.
    """

    def __init__(self, seed: int, device: torch.device) -> None:
        self._device = device
        self.generator = torch.Generator(device).manual_seed(seed)
        with self._forked():
            torch.manual_seed(seed)
            self._global = self._take()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Torch's global generators are this training's own meanwhile."""
        with self._forked():
            self._give(self._global)
            try:
                yield
            finally:
                self._global = self._take()

    def state(self) -> dict[str, Any]:
        """Of all generators, between two epochs."""
        return {"own": self.generator.get_state(), "global": list(self._global)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self.generator.set_state(state["own"])
        self._global = list(state["global"])

    @contextmanager
    def _forked(self) -> Iterator[None]:
        devices = [self._device] if self._device.type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            yield

    def _take(self) -> list[torch.Tensor]:
        states = [torch.get_rng_state()]
        if self._device.type == "cuda":
            states.append(torch.cuda.get_rng_state(self._device))
        return states

    def _give(self, states: list[torch.Tensor]) -> None:
        torch.set_rng_state(states[0])
        if self._device.type == "cuda":
            torch.cuda.set_rng_state(states[1], self._device)
