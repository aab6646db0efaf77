"""Signs that an attack is broken rather than a model robust.

Carlini et al., On Evaluating Adversarial Robustness, 2019, section 5: accuracy that rises with
epsilon, and gradients that vanish (masked gradients).
Shapes: N images, E epsilons ascending from 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import torch
from torch import nn

# Some exact zeros are ordinary: pixels that a stride leaves out (12 % in a small net of the tests),
# or that lie under dead ReLUs.
ZERO_SHARE_LIMIT = 0.25


class Suspicions:
    """Watches the gradients that an attack asks for, and judges the finished curve."""

    def __init__(self) -> None:
        self._zeros = 0
        self._seen = 0

    @property
    def zero_share(self) -> float:
        """Share of pixels of attacked images whose gradient was exactly zero."""
        return self._zeros / self._seen if self._seen else 0.0

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
        self._zeros += int((gradient_NCHW == 0).sum())
        self._seen += gradient_NCHW.numel()

    def warnings(self, right_EN: np.ndarray, eps_255: Sequence[float]) -> list[str]:
        """What a person should know before believing the curve, in words."""
        found = []
        if self.zero_share > ZERO_SHARE_LIMIT:
            found.append(
                f"{self.zero_share:.0%} of the gradient's pixels are exactly zero: "
                "the gradients may be masked."
            )
        if self._seen and (rise := _first_rise(right_EN)) is not None:
            found.append(
                f"Accuracy rises from eps {eps_255[rise]:g}/255 to {eps_255[rise + 1]:g}/255 by "
                "more than noise: one step of that length overshoots, or the gradients are masked."
            )
        return found


def _first_rise(right_EN: np.ndarray) -> int | None:
    """Index of the first epsilon after which more images turn right than wrong, beyond chance."""
    from trainables.evaluation.intervals import rises_beyond_noise  # scipy.stats: 0.5 s

    for e, (before_N, after_N) in enumerate(pairwise(right_EN)):
        gained, lost = int((after_N & ~before_N).sum()), int((before_N & ~after_N).sum())
        if gained > lost and rises_beyond_noise(gained, lost):
            return e
    return None
