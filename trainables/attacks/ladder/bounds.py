"""How far a net's accuracy can be from what a part of the sample says, at any look.

Shapes: N images of the sample, B of them that were attacked.
"""

from __future__ import annotations

import numpy as np

from trainables.attacks.ladder.verdict import ALPHA
from trainables.attacks.ladder.wealth import Wealth


def accuracy_between(
    right_N: np.ndarray, drawn_B: np.ndarray, *, alpha: float = ALPHA
) -> tuple[float, float]:
    """Bounds of the accuracy that the attack would leave on the whole sample, at any look.

    Args:
        right_N: bool: right under all that was tried before.
        drawn_B: bool: what the attack left right of B of these, in their random order.
    """
    count, total = int(right_N.sum()), len(right_N)
    losses = np.arange(count + 1)
    at_least = Wealth(count, -losses - 1.0, low=-1)  # against "more than so many are lost"
    at_most = Wealth(count, losses - 1.0, low=0)  # against "fewer than so many are lost"
    for right in drawn_B:
        at_least.draw(0 if right else -1)
        at_most.draw(0 if right else 1)
    most_lost = losses[at_least.refuted(alpha / 2)].min(initial=count)
    least_lost = losses[at_most.refuted(alpha / 2)].max(initial=0)
    lost, left = int((~drawn_B).sum()), count - len(drawn_B)
    # What is certain goes before what is probable: at the last image nothing else is left.
    most_lost, least_lost = (min(max(n, lost), lost + left) for n in (most_lost, least_lost))
    return (count - int(most_lost)) / total, (count - int(least_lost)) / total
