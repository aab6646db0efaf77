"""Where a head starts: ridge regression on one-hot targets, scaled to logits.

With fewer examples than features (100 labels, 1,280 features) every split is separable, and what a
head does between its examples is decided by where it starts and how soon it stops. The ridge
solution is a better place than zero: closed form, no learning rate, and its leave-one-out
predictions (Allen's PRESS) give the size that its scores must have as logits.

Held-out accuracy on 4,000 CIFAR-10 training images minus that of StandardScaler + logistic
regression (C by 3-fold cross-validation), points, mean of 10 splits (lower 95 % bound). The first
column is the best of 12 to 18 settings from zeros, features fully standardised; the others are
scaled as `scaling.py` says, with 30 epochs and dropout 0.5:

    body, size, labels      zeros             ridge alone       ridge, lr 3e-5    ridge, lr 3e-4
    lite2, 224, 100         +0.00 (-0.33)     +0.54 (+0.28)     +0.55 (+0.28)     +0.21 (-0.12)
    lite2, 224, 1,000       +0.33 (+0.04)     +0.53 (+0.26)     +0.63 (+0.34)     +0.40 (+0.11)
    lite0, 128, 100         +0.45 (-0.02)     +1.44 (+1.07)     +1.49 (+1.15)     +1.03 (+0.69)
    lite0, 128, 1,000       +0.43 (-0.00)     +0.54 (+0.19)     +0.68 (+0.28)     +0.54 (+0.12)

Shapes: N examples, M <= N of them, F features, K classes.
"""

from __future__ import annotations

import torch
from torch.nn import functional

# Times the mean squared length of a scaled example (F, where no feature is constant).
RIDGE = 1.0
_SCALES = torch.logspace(-1, 2.5, 36)
# Examples that settle the scale; more would cost memory and tell nothing.
_LEFT_OUT = 2000


def ridge_start(
    z_NF: torch.Tensor, labels_N: torch.Tensor, n_classes: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight [K, F] and bias [K] on scaled features, as logits.

    Solves the smaller of the two systems, N x N or F x F.
    """
    targets_NK = functional.one_hot(labels_N, n_classes).to(z_NF.dtype)
    prior_K = targets_NK.mean(0)
    centred_NK = targets_NK - prior_K
    strength = RIDGE * z_NF.square().sum().div(len(z_NF)).clamp(min=1e-6)
    if len(z_NF) <= z_NF.shape[1]:
        weight_FK, left_out_NK = _dual(z_NF, centred_NK, strength)
    else:
        weight_FK, left_out_NK = _primal(z_NF, centred_NK, strength)
    scale = _scale(left_out_NK + prior_K, labels_N[: len(left_out_NK)])
    return weight_FK.T * scale, prior_K * scale


def _dual(
    z_NF: torch.Tensor, targets_NK: torch.Tensor, strength: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    kernel_NN = z_NF @ z_NF.T
    kernel_NN.diagonal().add_(strength)
    # cholesky_ex: features that are not finite must end as a loss that is not, without a sync.
    inverse_NN = torch.cholesky_inverse(torch.linalg.cholesky_ex(kernel_NN).L)
    dual_NK = inverse_NN @ targets_NK
    residual_NK = dual_NK / inverse_NN.diagonal()[:, None]
    return z_NF.T @ dual_NK, targets_NK - residual_NK


def _primal(
    z_NF: torch.Tensor, targets_NK: torch.Tensor, strength: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    gram_FF = z_NF.T @ z_NF
    gram_FF.diagonal().add_(strength)
    factor_FF = torch.linalg.cholesky_ex(gram_FF).L
    weight_FK = torch.cholesky_solve(z_NF.T @ targets_NK, factor_FF)
    some_MF, some_MK = z_NF[:_LEFT_OUT], targets_NK[:_LEFT_OUT]
    leverage_M = torch.linalg.solve_triangular(factor_FF, some_MF.T, upper=False).square().sum(0)
    residual_MK = (some_MK - some_MF @ weight_FK) / (1 - leverage_M)[:, None]
    return weight_FK, some_MK - residual_MK


def _scale(scores_NK: torch.Tensor, labels_N: torch.Tensor) -> torch.Tensor:
    """The factor of the scores at which the cross-entropy of what was left out is lowest."""
    scales_S = _SCALES.to(scores_NK)
    losses = [functional.cross_entropy(scale * scores_NK, labels_N) for scale in scales_S]
    return scales_S[torch.stack(losses).argmin()]
