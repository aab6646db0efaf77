"""Images near the given ones on which a net in training does badly.

Projected gradient ascent in L-infinity on the data's own pixels (Madry et al., Towards Deep
Learning Models Resistant to Adversarial Attacks, 2018). The net is in eval mode meanwhile, as in
TRADES's code: dropout would blur the gradient, and BatchNorm's statistics would take in every step
of it.

Shapes: P images of a part of a batch, C H W channels and pixels in [0, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn

Gradient = Callable[[torch.Tensor], torch.Tensor]
"""Images [P, C, H, W] to the gradient of what is to grow, of the same shape."""


@dataclass(frozen=True)
class Ball:
    """How far an image may be moved, and in which steps; all in units of the pixel range [0, 1].

    Args:
        eps: the largest change of a pixel.
        step: the change of a pixel in one step.
        steps: how many.
    """

    eps: float
    step: float
    steps: int


def ball(eps_255: float, steps: int) -> Ball:
    """A quarter of eps a step (Madry's 2/255 at 8/255), and enough to cross the ball in few.

    1.25 eps for a single step is what fast training takes (Wong, Rice and Kolter, Fast is better
    than free, 2020).
    """
    eps = eps_255 / 255
    return Ball(eps, max(eps / 4, 1.25 * eps / steps), steps)


def crafted(
    model: nn.Module,
    gradient: Gradient,
    images01_PCHW: torch.Tensor,
    within: Ball,
    start_PCHW: torch.Tensor,
) -> torch.Tensor:
    """Images of `within` around the given ones, in [0, 1]; no gradient hangs on them.

    Args:
        start_PCHW: the change that it begins with.
    """
    low = (images01_PCHW - within.eps).clamp_(0, 1)
    high = (images01_PCHW + within.eps).clamp_(0, 1)
    moved = torch.clamp(images01_PCHW + start_PCHW, low, high)
    with in_eval_mode(model):
        for _ in range(within.steps):
            step = within.step * gradient(moved).sign_()
            moved = torch.clamp(moved + step, low, high)
    return moved.detach()


def anywhere(images01_PCHW: torch.Tensor, within: Ball, generator: torch.Generator) -> torch.Tensor:
    """A start drawn evenly from the whole ball."""
    share = torch.rand(images01_PCHW.shape, generator=generator, device=images01_PCHW.device)
    return (2 * share - 1) * within.eps


@contextmanager
def in_eval_mode(model: nn.Module) -> Iterator[None]:
    """Every module's mode is as before afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
