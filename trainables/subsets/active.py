"""Active rounds: label some at random, train a head, label what it is least sure of, and again.

Reference A labels 750 at random and then 50 a round up to 1,000: the same shares of any other
budget are the default. The candidates' features are cached, so that a round trains a head only.

Shapes: N candidates, B bought, M not bought, F features, K classes.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from search_spaces.options import Option
from trainables.subsets.choosing import POOL
from trainables.subsets.head import fit_head
from trainables.subsets.kind import Choosing

START = Option(
    "start", 0.75, "images at random to begin with; below 1 a share of the budget", low=0
)
BATCH = Option("batch", 0.05, "images a round; below 1 a share of the budget", low=0)
OPTIONS = (START, BATCH, POOL)

Rank = Callable[[np.ndarray, int], np.ndarray]
"""Probabilities [M, K] and a number of images to places in M, those to be labelled first first."""


def by_rounds(choosing: Choosing, rank: Rank) -> np.ndarray:
    """Bought candidates in the order of purchase; what is known already stands for the start."""
    batch = max(1, choosing.number(BATCH.name))
    bought_B = choosing.known_A
    if not len(bought_B):
        start = min(choosing.budget, max(1, choosing.number(START.name)))
        bought_B = choosing.generator.permutation(choosing.count)[:start]
        choosing.tell(len(bought_B))
    while len(bought_B) < choosing.total:
        wanted = min(batch, choosing.total - len(bought_B))
        rest_M = np.setdiff1d(np.arange(choosing.count), bought_B)
        probabilities_MK = _predicted(choosing, bought_B)[rest_M]
        next_ones = rank(probabilities_MK, wanted)[:wanted]
        bought_B = np.concatenate([bought_B, rest_M[next_ones]])
        choosing.tell(len(bought_B) - len(choosing.known_A))
    return bought_B[len(choosing.known_A) :]


def _predicted(choosing: Choosing, bought_B: np.ndarray) -> np.ndarray:
    """Probabilities [N, K] of a head that was trained on what is bought."""
    head = fit_head(
        choosing.features_NF,
        bought_B,
        choosing.labels.ask(bought_B),
        classes=choosing.classes,
        seed=int(choosing.generator.integers(1 << 31)),
    )
    return head.probabilities(choosing.features_NF)


def margins(probabilities_MK: np.ndarray) -> np.ndarray:
    """The likeliest class's probability less the next one's, [M]; 0 is as unsure as can be."""
    if probabilities_MK.shape[1] == 1:
        return np.ones(len(probabilities_MK))
    top_M2 = np.partition(probabilities_MK, -2, axis=1)[:, -2:]
    margin_M: np.ndarray = top_M2[:, 1] - top_M2[:, 0]
    return margin_M
