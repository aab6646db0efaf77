"""Mixup: each image is mixed with another one of its batch, and so are their targets.

Zhang et al., mixup: Beyond Empirical Risk Minimization, 2018. The share is drawn for each image,
where the paper's code draws one for the batch.

Shapes: N images, C H W channels and pixels, K classes.
"""

from __future__ import annotations

import torch

from search_spaces.errors import UsageError


def mixup(
    images_NCHW: torch.Tensor,
    targets_NK: torch.Tensor,
    alpha: float,
    generator: torch.Generator,
) -> tuple[torch.Tensor, torch.Tensor]:
    """share * image + (1 - share) * another, share ~ Beta(alpha, alpha), and the same of targets.

    Args:
        targets_NK: soft targets: rows that sum to 1, one-hot ones for instance.
        alpha: 0 mixes nothing and draws nothing.

    Raises:
        UsageError: a negative alpha.
    """
    if alpha < 0:
        raise UsageError("Mixup's alpha is at least 0 (0 mixes nothing).", got=alpha)
    if alpha == 0:
        return images_NCHW, targets_NK
    n, device = len(images_NCHW), images_NCHW.device
    share_N = _beta(n, alpha, generator, device).to(images_NCHW.dtype)
    other_N = torch.randperm(n, generator=generator, device=device)
    mixed = torch.lerp(images_NCHW[other_N], images_NCHW, share_N[:, None, None, None])
    return mixed, torch.lerp(targets_NK[other_N], targets_NK, share_N.to(targets_NK.dtype)[:, None])


def _beta(n: int, alpha: float, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    """float64 [n] of Beta(alpha, alpha), as a share of two gamma variates.

    `torch.distributions` takes no generator. In float64, since a gamma variate of a small alpha is
    often too small for float32, and 0 / 0 is no share.
    """
    shape_2N = torch.full((2, n), alpha, dtype=torch.float64, device=device)
    one_N, other_N = torch._standard_gamma(shape_2N, generator=generator)
    return one_N / (one_N + other_N)
