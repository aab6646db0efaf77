"""An attack must leave the model, and torch's global state, as it found them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def leaving_no_trace(model: nn.Module) -> Iterator[None]:
    """Eval mode and frozen parameters inside; everything as before outside, after an error too.

    Restored: train flags, `requires_grad`, `.grad`, buffers, and the generators of torch's global
    randomness. Frozen parameters also spare the backward pass their gradients (a third of it).
    """
    training = {module: module.training for module in model.modules()}
    parameters = [(p, p.requires_grad, p.grad) for p in model.parameters()]
    buffers = [(b, b.detach().clone()) for b in model.buffers()]
    devices = sorted({p.device.index for p, _, _ in parameters if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=devices):
        for module in training:
            module.training = False
        for parameter, _, _ in parameters:
            parameter.requires_grad_(False)
        try:
            yield
        finally:
            _restore(training, parameters, buffers)


def _restore(
    training: dict[nn.Module, bool],
    parameters: list[tuple[nn.Parameter, bool, torch.Tensor | None]],
    buffers: list[tuple[torch.Tensor, torch.Tensor]],
) -> None:
    # Not by .train(): a frozen body overrides it, and parents would set their children.
    for module, flag in training.items():
        module.training = flag
    for parameter, flag, grad in parameters:
        parameter.requires_grad_(flag)
        parameter.grad = grad
    with torch.no_grad():
        for buffer, before in buffers:
            buffer.copy_(before)


class CountingModel(nn.Module):
    """Passes images on to `model` and counts them, forward and (for a gradient) backward."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.forward_images = 0
        self.backward_images = 0

    @property
    def passes(self) -> int:
        """Images forward and images backward, together."""
        return self.forward_images + self.backward_images

    def forward(self, images01_NCHW: torch.Tensor) -> torch.Tensor:
        """[N, C, H, W] in [0, 1] -> [N, K]."""
        self.forward_images += len(images01_NCHW)
        logits_NK: torch.Tensor = self.model(images01_NCHW)
        if logits_NK.requires_grad:
            logits_NK.register_hook(self._count_backward)
        return logits_NK

    def _count_backward(self, gradient_NK: torch.Tensor) -> None:
        self.backward_images += len(gradient_NK)
