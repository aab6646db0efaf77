"""An exponential moving average of the weights, which is what is measured and kept.

Its decay is smaller in the first steps, min(decay, (1 + step) / (10 + step)), so that the average
forgets where training started (Tarvainen and Valpola, Mean teachers, 2017; the same ramp is in
TensorFlow's ExponentialMovingAverage).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


class Average:
    """A copy of `model` that follows it.

    Args:
        decay: share of the old average that a step keeps, in the long run.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False)
        self._decay = decay
        self._steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """After each step; statistics of BatchNorm are averaged, counts are copied."""
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        self._steps += 1
        ours, theirs = _floats(self.model), _floats(model)
        torch._foreach_lerp_(list(ours.values()), list(theirs.values()), 1 - decay)
        for mine, other in zip(self.model.buffers(), model.buffers(), strict=True):
            if not mine.is_floating_point():
                mine.copy_(other)

    def state(self) -> dict[str, Any]:
        """A copy of the average."""
        tensors = {name: tensor.clone() for name, tensor in self.model.state_dict().items()}
        return {"steps": self._steps, "model": tensors}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        self._steps = state["steps"]
        self.model.load_state_dict(state["model"])


def _floats(model: nn.Module) -> dict[str, torch.Tensor]:
    named = (*model.named_parameters(), *model.named_buffers())
    return {name: tensor.detach() for name, tensor in named if tensor.is_floating_point()}
