"""A reduced VGG16 for small images (reference C), deeper and wider as asked.

VGG16's stages (Simonyan and Zisserman 2015, arXiv 1409.1556, table 1, column D) of 2, 2, 3, 3, 3
convolutions, each doubled in width up to eight times the first; a prefix of them is taken.
BatchNorm after each convolution (its vgg16_bn; without it the deeper ones hardly start to learn
from scratch), and a mean over the last map in place of the two layers of 4,096, so that the
features do not depend on the input size.
"""

from __future__ import annotations

from torch import nn

from search_spaces.errors import UsageError
from trainables.nets.dropout import Dropout
from trainables.nets.starting import start_for_relu

CONVOLUTIONS = (2, 2, 3, 3, 3)
DEPTH, WIDTH = 4, 32


def mini_vgg(*, depth: int = DEPTH, width: int = WIDTH, body_dropout: float = 0.0) -> nn.Module:
    """images_NCHW -> features_NF, F = the last stage's channels; from 2 ** depth px.

    Args:
        depth: stages, each of them halving the map; 1 to 5, and 5 are all 13 convolutions of VGG16.
        width: channels of the first stage; VGG16's own is 64.
        body_dropout: share of values dropped after each stage.

    Raises:
        UsageError: more stages than VGG16 has, or none.
    """
    if not 1 <= depth <= len(CONVOLUTIONS):
        nearest = min(max(depth, 1), len(CONVOLUTIONS))
        rule = f"depth of mini_vgg is 1 to {len(CONVOLUTIONS)}, the stages of VGG16."
        raise UsageError(rule, got=depth, hint=f"The nearest is {nearest}.")
    stages, channels_in = [], 3
    for stage in range(depth):
        channels = width * min(2**stage, 8)
        stages.append(_stage(CONVOLUTIONS[stage], channels_in, channels, body_dropout))
        channels_in = channels
    net = nn.Sequential(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten())
    start_for_relu(net)
    return net


def _stage(convolutions: int, channels_in: int, channels: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for number in range(convolutions):
        layers += [
            # BatchNorm takes any bias away again.
            nn.Conv2d(channels if number else channels_in, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
        ]
    return nn.Sequential(*layers, nn.MaxPool2d(2), Dropout(dropout))
