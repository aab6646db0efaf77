"""How many pseudo-labels were used and how many were right: counted after the fact, never used.

The only reader of the pool's labels; `train` calls it when everything is trained and measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from trainables.weak.kind import UNLABELLED, PseudoLabels

if TYPE_CHECKING:
    from trainables.setup import TrialSetup
    from trainables.trained import Trained


def used_pool(setup: TrialSetup, trained: Trained) -> PseudoLabels | None:
    """The pool with the pseudo-labels that were used: those of before training, or its own."""
    if setup.pool is None or not len(trained.pseudo_P):
        return setup.pool
    return PseudoLabels(setup.pool.rows_P, trained.pseudo_P)


def judged(labels_N: np.ndarray, pool: PseudoLabels | None) -> dict[str, float]:
    """`pseudo_labels`, `pseudo_labels_right` (counts), `pseudo_labels_acc` (share, if any).

    Args:
        labels_N: of the whole data set, open.
        pool: as a trial's training left it; None where nothing of the pool was trained on.
    """
    if pool is None:
        return {}
    given_P = pool.labels_P != UNLABELLED
    used = int(given_P.sum())
    right = int((labels_N[pool.rows_P[given_P]] == pool.labels_P[given_P]).sum())
    found = {"pseudo_labels": float(used), "pseudo_labels_right": float(right)}
    return found | ({"pseudo_labels_acc": right / used} if used else {})
