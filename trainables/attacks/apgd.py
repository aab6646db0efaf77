"""Auto-PGD: projected gradient descent with momentum that settles its own step size.

Croce and Hein, Reliable evaluation of adversarial robustness with an ensemble of diverse
parameter-free attacks, 2020, algorithm 1. The step starts at 2 eps; at checkpoints that come ever
closer it is halved where the loss rose in less than `rho` of the steps, or where neither step nor
best loss have changed since the last one; the ascent then goes on from the best image.

Shapes: R images that still stand, C H W channels and pixels, A columns of an aim.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import torch
from torch import nn

from trainables.attacks.balls import Ball
from trainables.attacks.losses import Ascent, Loss, ascent
from trainables.attacks.standing import Standing

MOMENTUM = 0.75
RHO = 0.75


def checkpoints(steps: int) -> tuple[int, ...]:
    """Steps after which the step size is looked at: 22, 41, 57, 70, ... of 100, the last left out.

    p_0 = 0, p_1 = 0.22, p_(j+1) = p_j + max(p_j - p_(j-1) - 0.03, 0.06); step ceil(p_j * steps).
    """
    found, before, share = [], 0.0, 0.22
    while share < 1 - 1e-9:
        found.append(math.ceil(share * steps - 1e-9))
        before, share = share, share + max(share - before - 0.03, 0.06)
    return tuple(sorted({step for step in found if 0 < step < steps}))


@dataclass
class _Climb:
    """State of the ascent of each image that stands; every field has R rows."""

    images: torch.Tensor
    before: torch.Tensor  # the images of the step before
    gradient: torch.Tensor
    best: torch.Tensor
    best_gradient: torch.Tensor
    loss: torch.Tensor
    best_loss: torch.Tensor
    step: torch.Tensor  # [R, 1, 1, 1]
    rises: torch.Tensor  # steps since the last checkpoint that raised the loss
    checked_loss: torch.Tensor  # best loss at the last checkpoint
    halved: torch.Tensor  # bool: at the last checkpoint
    aim: torch.Tensor  # [R, A]

    def pick(self, stays_R: torch.Tensor) -> _Climb:
        """Of those that stay."""
        return replace(
            self, **{each.name: getattr(self, each.name)[stays_R] for each in fields(self)}
        )


def climb(
    model: nn.Module,
    start_NCHW: torch.Tensor,
    aim_NA: torch.Tensor,
    loss: Loss,
    ball: Ball,
    steps: int,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Auto-PGD from `start_NCHW`.

    Returns:
        Attacked images [N, C, H, W], each with the greatest loss on the way; bool [N]: broken.
    """
    standing = Standing(start_NCHW)
    first = ascent(model, start_NCHW, aim_NA, loss)
    state = _begin(start_NCHW, aim_NA, first, 2 * ball.eps)
    state, ball = _let_go(standing, first, state, ball)
    looked, looks = 0, checkpoints(steps)
    for k in range(1, steps + 1):
        if not len(standing):
            break
        _move(state, ball, 1.0 if k == 1 else MOMENTUM)
        told = ascent(model, state.images, state.aim, loss)
        _note(state, told)
        state, ball = _let_go(standing, told, state, ball)
        if k in looks and len(standing):
            _look(state, k - looked)
            looked = k
    standing.put(state.best)
    broken_N = torch.ones(len(start_NCHW), dtype=torch.bool, device=start_NCHW.device)
    broken_N[standing.rows_R] = False
    return standing.attacked_NCHW, broken_N


def _begin(images: torch.Tensor, aim: torch.Tensor, told: Ascent, step: float) -> _Climb:
    loss_N, count = told.loss_N, len(images)
    return _Climb(
        images=images, before=images, gradient=told.gradient_NCHW,
        best=images.clone(), best_gradient=told.gradient_NCHW.clone(),
        loss=loss_N, best_loss=loss_N.clone(),
        step=torch.full((count, 1, 1, 1), step, device=images.device),
        rises=torch.zeros_like(loss_N), checked_loss=loss_N.clone(),
        # The step size counts as changed before the first checkpoint: nothing was compared yet.
        halved=torch.ones_like(loss_N, dtype=torch.bool), aim=aim,
    )  # fmt: skip


def _move(state: _Climb, ball: Ball, momentum: float) -> None:
    """One step with momentum; both points are projected."""
    ahead = ball.project(state.images + state.step * ball.direction(state.gradient))
    change = momentum * (ahead - state.images)
    if momentum < 1:
        change += (1 - momentum) * (state.images - state.before)
    state.before, state.images = state.images, ball.project(state.images + change)


def _note(state: _Climb, told: Ascent) -> None:
    """Loss and gradient at the new images; the best so far."""
    state.rises = state.rises + (told.loss_N > state.loss)
    state.loss, state.gradient = told.loss_N, told.gradient_NCHW
    better_R = told.loss_N > state.best_loss
    state.best[better_R] = state.images[better_R]
    state.best_gradient[better_R] = told.gradient_NCHW[better_R]
    state.best_loss = torch.where(better_R, told.loss_N, state.best_loss)  # a NaN is no better


def _let_go(standing: Standing, told: Ascent, state: _Climb, ball: Ball) -> tuple[_Climb, Ball]:
    stays_R = standing.leave(told.wrong_N, state.images)
    return (state, ball) if stays_R is None else (state.pick(stays_R), ball.pick(stays_R))


def _look(state: _Climb, since: int) -> None:
    """A checkpoint: halves steps that do not serve, and goes back to the best image with them."""
    stuck_R = ~state.halved & (state.best_loss <= state.checked_loss)
    halve_R = (state.rises < RHO * since) | stuck_R
    state.step = torch.where(halve_R[:, None, None, None], state.step / 2, state.step)
    state.images = torch.where(halve_R[:, None, None, None], state.best, state.images)
    state.gradient = torch.where(halve_R[:, None, None, None], state.best_gradient, state.gradient)
    # The loss goes with the image: the next step is measured against where it starts.
    state.loss = torch.where(halve_R, state.best_loss, state.loss)
    state.halved, state.checked_loss = halve_R, state.best_loss.clone()
    state.rises = torch.zeros_like(state.rises)
