"""Core-set by greedy k-centres (Sener and Savarese 2018, algorithm 1).

Each next image is the one farthest from all that are chosen, so that none is far from a labelled
one. The first `start` are drawn at random.

Shapes: N candidates, F features, B chosen.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from search_spaces.options import Option
from trainables.subsets.choosing import POOL
from trainables.subsets.columns import Columns
from trainables.subsets.distances import centred
from trainables.subsets.kind import Choosing, SubsetStrategy

START = Option("start", 1, "images at random to begin with; below 1 a share of the budget")


def select(choosing: Choosing) -> np.ndarray:
    """A few at random, unless some are known already; then the farthest one each time."""
    start = min(choosing.budget, max(1, choosing.number(START.name)))
    known_A = choosing.known_A
    first_S = known_A if len(known_A) else choosing.generator.permutation(choosing.count)[:start]
    picks = farthest_first(choosing.features_NF, first_S, choosing.total, choosing.tell)
    return picks[len(known_A) :]


def farthest_first(
    features_NF: np.ndarray, first_S: np.ndarray, count: int, tell: Callable[[int], object]
) -> np.ndarray:
    """`first_S`, and then the point farthest from all before it, up to `count`; int64.

    Of equally far points, such as copies of one image, none is taken twice.
    """
    points_NF = centred(features_NF)
    squares_N = points_NF.square().sum(1)
    columns = Columns(points_NF)
    nearest_N = torch.full((len(points_NF),), torch.inf)
    picks = [int(place) for place in first_S]
    for done in range(count):
        likely_N = nearest_N if done >= len(first_S) else None
        column_N = columns.of(picks[done], likely_N)
        squared_N = squares_N + squares_N[picks[done]] - 2 * column_N
        nearest_N = torch.minimum(nearest_N, squared_N.clamp(min=0))
        nearest_N[picks[done]] = -1.0
        if done + 1 == len(picks):
            picks.append(int(nearest_N.argmax()))
        tell(done + 1)
    return np.array(picks[:count], np.int64)


CORESET = SubsetStrategy(
    name="coreset",
    sentence="greedy k-centres: the image farthest from all chosen (Sener and Savarese 2018)",
    select=select,
    features=True,
    labels="none",
    options=(START, POOL),
)
