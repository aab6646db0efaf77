"""Herding (Welling 2009): images whose mean follows the mean of all.

w begins as the mean of all features; the image with the largest <w, x> is taken, and w grows by the
mean less x. Features are scaled to length 1, under which each pick is the one that brings the mean
of the chosen closest to the mean of all (Chen, Welling and Smola 2010). No image is taken twice.

Shapes: N candidates, F features, S chosen before.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from trainables.subsets.choosing import POOL
from trainables.subsets.distances import unit_length
from trainables.subsets.kind import Choosing, SubsetStrategy


def select(choosing: Choosing) -> np.ndarray:
    """The same for every seed; what is known already comes first."""
    points_NF = unit_length(choosing.features_NF)
    picks = herd(points_NF, choosing.known_A, choosing.total, choosing.tell)
    return picks[len(choosing.known_A) :]


def herd(
    points_NF: torch.Tensor, first_S: np.ndarray, count: int, tell: Callable[[int], object]
) -> np.ndarray:
    """`first_S`, and then others in the order of herding, `count` different ones; int64.

    A pick reads all features once, and that is all its time: guessing the next picks ahead, so that
    their products are one of matrices (columns.py), is wrong too often here, since a pick changes
    scores by more than they lie apart (seen once, n = 1: it took half as long again).
    """
    mean_F = points_NF.mean(0)
    w_F = mean_F.clone()
    open_N = torch.zeros(len(points_NF))  # -inf once it is taken
    picks: list[int] = []
    for done in range(count):
        picks.append(int(first_S[done] if done < len(first_S) else _best(points_NF, w_F, open_N)))
        w_F += mean_F - points_NF[picks[-1]]
        open_N[picks[-1]] = -torch.inf
        tell(done + 1)
    return np.array(picks, np.int64)


def _best(points_NF: torch.Tensor, w_F: torch.Tensor, open_N: torch.Tensor) -> int:
    return int(torch.addmv(open_N, points_NF, w_F).argmax())


HERDING = SubsetStrategy(
    name="herding",
    sentence="images whose mean follows the mean of all (Welling 2009)",
    select=select,
    features=True,
    labels="none",
    options=(POOL,),
)
