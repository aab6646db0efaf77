"""Depthwise convolutions of a net that trains on a CPU run in float32, the rest in bfloat16.

oneDNN's bfloat16 kernels for the gradients of a depthwise convolution are slow; in float32 inside
an otherwise bfloat16 net, casts included, the Lite nets train 1.4 to 2.8 times faster:
`benchmarks/depthwise.py`, results/depthwise.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from trainables.backbones import Backbone


class _Float32:
    """Before a convolution class: the same function, outside autocast."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] of any float -> [N, K, H', W'] float32."""
        with torch.autocast(images_NCHW.device.type, enabled=False):
            out_NKHW: torch.Tensor = super().forward(images_NCHW.float())  # type: ignore[misc]
        return out_NKHW


def depthwise_in_float32(net: nn.Module) -> nn.Module:
    """Changes the depthwise convolutions of `net` in place; names and weights stay as they are."""
    for module in net.modules():
        if is_depthwise(module):
            module.__class__ = _in_float32(type(module))
    return net


def is_depthwise(module: nn.Module) -> bool:
    """Whether it is a convolution with one filter, or a few, for each channel by itself."""
    return isinstance(module, nn.Conv2d) and 1 < module.groups == module.in_channels


def has_depthwise(spec: Backbone) -> bool:
    """Whether the body has any; builds it, without memory for its weights where that can be."""
    with torch.random.fork_rng(devices=[]), torch.device("meta" if spec.builds_on_meta else "cpu"):
        return any(map(is_depthwise, spec.build().modules()))


def _in_float32(kind: type[nn.Module]) -> type[nn.Module]:
    if issubclass(kind, _Float32):
        return kind
    return type(f"Float32{kind.__name__}", (_Float32, kind), {})
