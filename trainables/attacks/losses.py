"""What attacks climb, and the gradient to climb by.

Shapes: N images, C H W channels and pixels, K classes, A columns of `aim_NA`: the label, and for a
targeted loss the target.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""(logits_NK, aim_NA) -> loss_N; larger is nearer to a mistake."""


@dataclass(frozen=True)
class Ascent:
    """What one pass forward and backward tells."""

    gradient_NCHW: torch.Tensor
    loss_N: torch.Tensor
    wrong_N: torch.Tensor  # bool: the model has the image wrong already


def ascent(
    model: nn.Module, images01_NCHW: torch.Tensor, aim_NA: torch.Tensor, loss: Loss
) -> Ascent:
    """One pass forward and one backward.

    The sum keeps each image's gradient its own; `autograd.grad` leaves every `.grad` alone.
    """
    with torch.enable_grad():
        images = images01_NCHW.detach().requires_grad_(True)
        logits_NK = model(images).float()
        loss_N = loss(logits_NK, aim_NA)
        gradient_NCHW = torch.autograd.grad(loss_N.sum(), images)[0].float()
    # A net that overflows must not turn an image into NaN, which would count as broken.
    gradient_NCHW = torch.nan_to_num(gradient_NCHW, nan=0.0, posinf=0.0, neginf=0.0)
    return Ascent(gradient_NCHW, loss_N.detach(), logits_NK.argmax(dim=1) != aim_NA[:, 0])


def log_odds(logits_NK: torch.Tensor, aim_NA: torch.Tensor) -> torch.Tensor:
    """log((1 - p_y) / p_y): rises with the cross-entropy, and has its direction everywhere.

    With p the softmax of the logits z and y the label, the cross-entropy's gradient is
    (1 - p_y) times that of logsumexp over j != y of z_j, minus z_y. The factor is left out: in
    float32 it is exactly 0 as soon as the margin exceeds 17, so a head with large logits would
    look robust while nothing was attacked (seen once at lr 0.096: robust_score 64, 74 % of the
    gradient exactly zero; the same settings score 18 with the factor left out, n = 1).
    """
    label_NK = functional.one_hot(aim_NA[:, 0], logits_NK.shape[1]).bool()
    others_N = logits_NK.masked_fill(label_NK, -torch.inf).logsumexp(dim=1)
    # Not `logits_NK[label_NK]`: a GPU would have to wait for the mask.
    return others_N - logits_NK.gather(1, aim_NA[:, :1])[:, 0]


def margin(logits_NK: torch.Tensor, labels_N: torch.Tensor) -> torch.Tensor:
    """z_y minus the largest other logit: below 0 once the model is wrong."""
    label_NK = functional.one_hot(labels_N, logits_NK.shape[1]).bool()
    return logits_NK[label_NK] - logits_NK.masked_fill(label_NK, -torch.inf).amax(dim=1)


def targeted_ratio(logits_NK: torch.Tensor, aim_NA: torch.Tensor) -> torch.Tensor:
    """Targeted difference of logits ratio: (z_t - z_y) / (z_1 - (z_3 + z_4) / 2), z_i sorted.

    Croce and Hein, Reliable evaluation of adversarial robustness with an ensemble of diverse
    parameter-free attacks, 2020, equation 7. It does not change when logits are scaled or shifted.
    The ratio needs four classes; with fewer it is the difference alone.
    """
    label_N, target_N = aim_NA[:, :1], aim_NA[:, 1:2]
    difference_N = (logits_NK.gather(1, target_N) - logits_NK.gather(1, label_N))[:, 0]
    if logits_NK.shape[1] < 4:
        return difference_N
    top_N4 = logits_NK.topk(4, dim=1).values
    spread_N = top_N4[:, 0] - (top_N4[:, 2] + top_N4[:, 3]) / 2
    return difference_N / (spread_N + 1e-12)  # all of the four may be equal
