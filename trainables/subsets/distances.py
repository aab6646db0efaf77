"""Distances between many points, a part at a time: memory stays bounded, work is matrix products.

Who is near is told by |x|² + |y|² - 2xy of centred float32 points, to about 1e-6 of a mean square;
how near, of the nearest few, by their differences.

Shapes: N points, F features, S neighbours.
"""

from __future__ import annotations

import numpy as np
import torch

_PART = 1 << 24  # distances at a time: 64 MB


def centred(features_NF: np.ndarray) -> torch.Tensor:
    """A float32 copy with mean 0: what is common to all points would only cost digits."""
    points_NF = torch.tensor(features_NF, dtype=torch.float32)
    points_NF -= points_NF.mean(0)
    return points_NF


def unit_length(features_NF: np.ndarray) -> torch.Tensor:
    """A float32 copy, each point scaled to length 1; points of length 0 stay."""
    points_NF = torch.tensor(features_NF, dtype=torch.float32)
    points_NF /= points_NF.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return points_NF


def neighbours(points_NF: torch.Tensor, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Each point's `count` nearest other points: distances [N, S] ascending, indices [N, S].

    Fewer where there are not that many; N² F operations.
    """
    total = len(points_NF)
    count = min(count, total - 1)
    squares_N = points_NF.square().sum(1)
    distances, indices = [], []
    size = max(1, _PART // total)
    for start in range(0, total, size):
        rows_PF = points_NF[start : start + size]
        squared_PN = torch.addmm(squares_N, rows_PF, points_NF.T, alpha=-2)
        own = torch.arange(len(rows_PF))
        squared_PN[own, own + start] = torch.inf  # nobody is his own neighbour
        nearest_PS = squared_PN.topk(count, dim=1, largest=False).indices
        # Of the few that are left, without the digits that products of long vectors cost.
        exact_PS = torch.stack(
            [(points_NF[nearest_PS[:, s]] - rows_PF).norm(dim=1) for s in range(count)], dim=1
        )
        distance_PS, order_PS = exact_PS.sort(dim=1, stable=True)
        distances.append(distance_PS)
        indices.append(nearest_PS.gather(1, order_PS))
    return torch.cat(distances), torch.cat(indices)
