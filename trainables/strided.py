"""Gradients of images through strided depthwise convolutions, on a CPU, in float32.

oneDNN's bfloat16 kernel for them is slow; with this the way forward and back of a frozen Lite net
is 1.38 times as fast (1.20 to 1.58, n = 15: `benchmarks/strided.py`, results/strided.md). The pass
forward is the same to the last bit, so what a net says of an image does not change.

Shapes: N images, C H W channels and pixels, K' H' W' those of the output.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.func import functional_call

from trainables.depthwise import is_depthwise


def quick_gradients(net: nn.Module) -> nn.Module:
    """Changes the strided depthwise convolutions of a frozen net in place; weights stay."""
    for module in net.modules():
        if is_depthwise(module) and max(module.stride) > 1:  # type: ignore[arg-type]
            module.__class__ = _quick(type(module))
    return net


class _Quick:
    """Before a convolution class: the same function, with another way back."""

    def forward(self, images_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] -> [N, K', H', W']."""
        plain = super().forward  # type: ignore[misc]
        weight: torch.Tensor = self.weight  # type: ignore[attr-defined]
        low = weight.dtype == torch.bfloat16 and images_NCHW.device.type == "cpu"
        frozen = not weight.requires_grad
        if not (low and frozen and torch.is_grad_enabled() and images_NCHW.requires_grad):
            out: torch.Tensor = plain(images_NCHW)
            return out
        through: torch.Tensor = _Through.apply(images_NCHW, plain, self)
        return through


class _Through(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images_NCHW: torch.Tensor, plain: Any, module: nn.Module) -> Any:
        ctx.save_for_backward(images_NCHW)
        ctx.module = module
        with torch.no_grad():
            return plain(images_NCHW)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (images_NCHW,) = ctx.saved_tensors
        weights = {name: each.float() for name, each in ctx.module.named_parameters()}
        with torch.enable_grad(), torch.autocast(images_NCHW.device.type, enabled=False):
            exact_NCHW = images_NCHW.detach().float().requires_grad_(True)
            out = functional_call(ctx.module, weights, exact_NCHW)
        (found_NCHW,) = torch.autograd.grad(out, exact_NCHW, gradients[0].float())
        return found_NCHW.to(images_NCHW.dtype), None, None


def _quick(kind: type[nn.Module]) -> type[nn.Module]:
    if issubclass(kind, _Quick):
        return kind
    return type(f"Quick{kind.__name__}", (_Quick, kind), {})
