"""One linear layer."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from trainables.nets.dropout import Dropout


def linear(
    features: int,
    classes: int,
    *,
    dropout: float,
    bias: bool = True,
    generator: torch.Generator,
) -> nn.Module:
    """features_NF -> logits_NK; weights are in `classifier`, as `weight` [K, F] and `bias` [K]."""
    layer = linear_layer(features, classes, bias=bias, generator=generator)
    return with_dropout(layer, dropout)


def with_dropout(classifier: nn.Module, dropout: float) -> nn.Module:
    """Features are dropped before the layer that every head ends with, `classifier`."""
    return nn.Sequential(OrderedDict(dropout=Dropout(dropout), classifier=classifier))


def linear_layer(inputs: int, outputs: int, *, bias: bool, generator: torch.Generator) -> nn.Linear:
    """Weights uniform within 1 / sqrt(inputs), as torch's own layer; the bias is 0.

    (LeCun et al. 1998, Efficient BackProp, section 4.6: outputs of the same size as inputs, but for
    a factor of sqrt(3) less, so that logits start small.)
    """
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs, bias=bias)
    bound = inputs**-0.5
    nn.init.uniform_(layer.weight, -bound, bound, generator=generator)
    if bias:
        nn.init.zeros_(layer.bias)
    return layer
