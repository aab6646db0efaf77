"""AdamW over a stack of independent heads, each with its own learning rate, decay and step count.

Loshchilov and Hutter, Decoupled Weight Decay Regularization, 2019; the same arithmetic as
`torch.optim.AdamW`. Shapes: H heads; a parameter is [H, ...].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

BETA1, BETA2 = 0.9, 0.999
# Torch's default of 1e-8 is of the size of float32's rounding here. With as many examples of each
# class, the bias's first gradient is zero but for rounding, and a step of full length followed its
# random sign: a head's logits then depended on its neighbours by 0.03. Real gradients are 1e-4 up.
EPS = 1e-5


class StackedAdamW:
    """Steps parameters [H, ...] in place; heads that are not active keep parameters and state.

    Args:
        parameters: tensors [H, ...] without autograd.
        decay_H: decoupled weight decay of each head.
        decayed: for each parameter whether it is decayed at all (a bias is not).
    """

    def __init__(
        self, parameters: list[torch.Tensor], decay_H: torch.Tensor, decayed: list[bool]
    ) -> None:
        self._parameters = parameters
        self._decay_H = decay_H
        self._decayed = decayed
        self._means = [torch.zeros_like(p) for p in parameters]
        self._squares = [torch.zeros_like(p) for p in parameters]
        self._steps_H = torch.zeros_like(decay_H, dtype=torch.float64)

    def state(self) -> dict[str, Any]:
        """A copy of moments and step counts; the parameters are the caller's."""
        return {
            "means": [mean.clone() for mean in self._means],
            "squares": [square.clone() for square in self._squares],
            "steps_H": self._steps_H.clone(),
        }

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Goes on from what `state` gave."""
        for name, own in (("means", self._means), ("squares", self._squares)):
            for mine, saved in zip(own, state[name], strict=True):
                mine.copy_(saved)
        self._steps_H.copy_(state["steps_H"])

    def step(
        self, gradients: list[torch.Tensor], lr_H: torch.Tensor, active_H: torch.Tensor
    ) -> None:
        """One step of the active heads along `gradients`; `lr_H` as of this step."""
        self._steps_H += active_H
        steps_H = self._steps_H.clamp(min=1)
        root_H = (1 - BETA2**steps_H).sqrt()
        # lr * mean / bias1 / (sqrt(square) / root + EPS), with the root multiplied through.
        length_H = (lr_H / (1 - BETA1**steps_H) * root_H * active_H).float()
        floor_H = (EPS * root_H).float()
        take1_H, take2_H = (1 - BETA1) * active_H, (1 - BETA2) * active_H
        shrink_H = (1 - lr_H * self._decay_H * active_H).float()
        for i, (parameter, gradient) in enumerate(zip(self._parameters, gradients, strict=True)):
            shape = (-1,) + (1,) * (parameter.ndim - 1)
            mean, square = self._means[i], self._squares[i]
            if self._decayed[i]:
                parameter.mul_(shrink_H.view(shape))
            mean.lerp_(gradient, take1_H.view(shape))
            square.lerp_(gradient.square(), take2_H.view(shape))
            denominator = square.sqrt().add_(floor_H.view(shape))
            parameter.addcdiv_(mean * length_H.view(shape), denominator, value=-1)
