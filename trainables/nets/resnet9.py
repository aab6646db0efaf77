"""ResNet-9, reference B's residual net: 6,573,120 parameters with its 10-class layer.

The shape is that of David Page's "How to Train Your ResNet" (davidcpage/cifar10-fast): prep 64,
layer1 128 + residual, layer2 256, layer3 512 + residual, a final max-pool, a linear layer without
bias (which is the head's, see `Backbone.head_bias`).
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional

from trainables.nets.dropout import Dropout
from trainables.nets.starting import start_for_relu


class Residual(nn.Module):
    """maps_NCHW -> the same shape: what goes in plus two convolutions of it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_block(channels, channels)
        self.second = conv_block(channels, channels)

    def forward(self, maps_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C, H, W]."""
        return maps_NCHW + self.second(self.first(maps_NCHW))


class GlobalMaxPool(nn.Module):
    """maps_NCHW -> the largest value of each channel, [N, C]; the 4 x 4 pool of a 32 px image."""

    def forward(self, maps_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, C]."""
        return functional.max_pool2d(maps_NCHW, maps_NCHW.shape[-2:]).flatten(1)


def conv_block(channels_in: int, channels_out: int, *, pool: bool = False) -> nn.Sequential:
    """3x3 convolution without bias, BatchNorm, ReLU, and a 2x2 max-pool where asked for."""
    layers: list[nn.Module] = [
        nn.Conv2d(channels_in, channels_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(channels_out),
        nn.ReLU(inplace=True),
    ]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pool else []))


WIDTH = 64


def resnet9(*, width: int = WIDTH, body_dropout: float = 0.0) -> nn.Module:
    """images_NCHW -> features_NF with F = 8 * width; from 8 px.

    Args:
        width: channels of the first block; 64 are reference B's, 32 take a quarter of the work.
        body_dropout: share of values dropped after each of the four blocks.
    """
    one, two, four, eight = width, 2 * width, 4 * width, 8 * width
    net = nn.Sequential(
        OrderedDict(
            prep=nn.Sequential(conv_block(3, one), Dropout(body_dropout)),
            layer1=nn.Sequential(
                conv_block(one, two, pool=True), Residual(two), Dropout(body_dropout)
            ),
            layer2=nn.Sequential(conv_block(two, four, pool=True), Dropout(body_dropout)),
            layer3=nn.Sequential(
                conv_block(four, eight, pool=True), Residual(eight), Dropout(body_dropout)
            ),
            pool=GlobalMaxPool(),
        )
    )
    start_for_relu(net)
    return net
