"""A hidden layer and a linear one."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from trainables.head_modules.linear import linear_layer
from trainables.nets.dropout import Dropout

HIDDEN = 512


def mlp(
    features: int,
    classes: int,
    *,
    dropout: float,
    bias: bool = True,
    generator: torch.Generator,
) -> nn.Module:
    """features_NF -> 512 units with ReLU -> logits_NK; features and units are both dropped.

    The hidden layer starts as He et al. 2015 (arXiv 1502.01852, eq. 10) say for ReLU.
    """
    hidden = nn.utils.skip_init(nn.Linear, features, HIDDEN)
    nn.init.kaiming_normal_(hidden.weight, nonlinearity="relu", generator=generator)
    nn.init.zeros_(hidden.bias)
    return nn.Sequential(
        OrderedDict(
            dropout=Dropout(dropout),
            hidden=hidden,
            relu=nn.ReLU(inplace=True),
            hidden_dropout=Dropout(dropout),
            classifier=linear_layer(HIDDEN, classes, bias=bias, generator=generator),
        )
    )
