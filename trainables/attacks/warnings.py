"""What an attack shows of itself while it runs: the gradients that it asks for.

The signs themselves, and where they come from, are in `alarms.py`.
Shapes: N images, C H W channels and pixels, E epsilons ascending from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from trainables.attacks.alarms import Alarm, rises_with_eps, zero_gradients


class Suspicions:
    """Watches the gradients that an attack asks for, and judges the finished curve."""

    def __init__(self) -> None:
        self._zeros: torch.Tensor | int = 0  # stays on its device: a host need not wait for it
        self._seen = 0

    @property
    def zero_share(self) -> float:
        """Share of pixels of attacked images whose gradient was exactly zero."""
        return int(self._zeros) / self._seen if self._seen else 0.0

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """Looks at the gradient of every image given to `model` while it is open."""
        handle = model.register_forward_pre_hook(self._on_forward)
        try:
            yield
        finally:
            handle.remove()

    def _on_forward(self, _: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if inputs[0].requires_grad:
            inputs[0].register_hook(self._on_gradient)

    def _on_gradient(self, gradient_NCHW: torch.Tensor) -> None:
        self._zeros = self._zeros + (gradient_NCHW.numel() - gradient_NCHW.count_nonzero())
        self._seen += gradient_NCHW.numel()

    def alarms(self, right_EN: np.ndarray, eps_255: Sequence[float]) -> tuple[Alarm, ...]:
        """What a person should know before believing the curve."""
        rise = rises_with_eps(right_EN, eps_255) if self._seen else None
        return tuple(each for each in (zero_gradients(self.zero_share), rise) if each)

    def warnings(self, right_EN: np.ndarray, eps_255: Sequence[float]) -> list[str]:
        """The same in words alone."""
        return [alarm.words for alarm in self.alarms(right_EN, eps_255)]
