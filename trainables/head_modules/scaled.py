"""One linear layer whose logits are made an eighth as large."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from trainables.head_modules.linear import linear_layer, with_dropout

SCALE = 0.125


class Scaled(nn.Module):
    """features_NF -> (features W^T + bias) / 8.

    By that the layer moves 64 times as slowly as the body at the same rate of SGD, and the body
    gets gradients of an eighth: with the large rates that nets with BatchNorm bear, a plain layer
    on features of a max-pool diverges. (Page 2018, How to Train Your ResNet, the net of
    davidcpage/cifar10-fast: `Mul(0.125)` after the linear layer.)
    """

    bias: nn.Parameter | None

    def __init__(
        self, features: int, classes: int, *, bias: bool, generator: torch.Generator
    ) -> None:
        super().__init__()
        layer = linear_layer(features, classes, bias=bias, generator=generator)
        self.weight = layer.weight
        self.register_parameter("bias", layer.bias)

    def forward(self, features_NF: torch.Tensor) -> torch.Tensor:
        """[N, F] -> [N, K]."""
        return SCALE * functional.linear(features_NF, self.weight, self.bias)


def scaled(
    features: int,
    classes: int,
    *,
    dropout: float,
    bias: bool = True,
    generator: torch.Generator,
) -> nn.Module:
    """features_NF -> logits_NK."""
    classifier = Scaled(features, classes, bias=bias, generator=generator)
    return with_dropout(classifier, dropout)
