"""A multi-layer perceptron on the pixels (reference C's counterpart to its VGG)."""

from __future__ import annotations

from torch import nn

from trainables.nets.dropout import Dropout
from trainables.nets.starting import start_for_relu

PIXELS = 32  # a side
DEPTH, WIDTH = 2, 1024


def mlp(*, depth: int = DEPTH, width: int = WIDTH, body_dropout: float = 0.0) -> nn.Module:
    """images_NCHW of 3 x 32 x 32 -> features_NF, F = `width`.

    Args:
        depth: hidden layers, each with ReLU; at least 1.
        width: units of each.
        body_dropout: share of units dropped after each.
    """
    layers: list[nn.Module] = [nn.Flatten()]
    for number in range(depth):
        units_in = width if number else 3 * PIXELS * PIXELS
        layers += [nn.Linear(units_in, width), nn.ReLU(inplace=True), Dropout(body_dropout)]
    net = nn.Sequential(*layers)
    start_for_relu(net)
    return net
