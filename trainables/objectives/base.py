"""What an objective is, and what it is given.

Shapes: P inputs of a part of a batch, K classes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import nn

from trainables.config import TrialConfig


@dataclass(frozen=True, eq=False)
class Learner:
    """The net in training.

    Args:
        net: what a step goes through; compiled where that was asked for.
        model: the same net as it is, for passes in eval mode; shares all its tensors.
        generator: the training's own, on its device.
    """

    net: Callable[..., Any]
    model: nn.Module
    generator: torch.Generator


class Objective(Protocol):
    """Called by the training loop once for each part of a batch, with the net in train mode."""

    def __call__(
        self, learner: Learner, inputs_P: torch.Tensor, targets_PK: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The loss of each input [P], and the logits that training accuracy is counted on [P, K].

        Nothing here may make the host wait for the device.
        """


class MakesObjective(Protocol):
    """What the registry holds."""

    def __call__(self, config: TrialConfig, /) -> Objective: ...
