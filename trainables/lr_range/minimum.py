"""A tenth of the learning rate at which the loss is least (Howard and Gugger, fastai, 2020).

Shapes: S steps.
"""

from __future__ import annotations

import numpy as np

from trainables.lr_range.steep import never_falls

DIVISOR = 10


def minimum(lrs_S: np.ndarray, losses_S: np.ndarray) -> tuple[float | None, str]:
    """At its minimum the loss is about to rise, so a safe one is smaller."""
    if why_not := never_falls(losses_S):
        return None, why_not
    step = int(losses_S.argmin())
    reason = f"a tenth of {lrs_S[step]:.2g}, where the loss is least"
    if step == len(losses_S) - 1:
        reason += " (there the curve ends: it may fall further)"
    return float(lrs_S[step]) / DIVISOR, reason
