"""The interval slide rule (Andrew Chang; as fastai has it).

Shapes: S steps.
"""

from __future__ import annotations

import numpy as np

from trainables.lr_range.steep import never_falls

INTERVAL = 15  # steps between the two ends of the interval
ALIKE = 0.005  # loss a step: two slopes that differ by no more are alike


def slide(lrs_S: np.ndarray, losses_S: np.ndarray) -> tuple[float | None, str]:
    """Slides an interval from the right end to the left as long as the slopes at its two ends
    differ; the learning rate at its left end where it last did. Meant for 100 steps or so."""
    if why_not := never_falls(losses_S):
        return None, why_not
    if len(losses_S) <= INTERVAL:
        return None, f"an interval of {INTERVAL} steps does not fit {len(losses_S)}"
    slope_S = np.gradient(losses_S)
    differ = np.abs(slope_S[INTERVAL:] - slope_S[:-INTERVAL]) > ALIKE
    lefts = np.flatnonzero(~differ)
    left = min(int(lefts[-1]) + 1 if len(lefts) else 0, len(differ) - 1)
    return float(lrs_S[left]), f"left of it, slopes {INTERVAL} steps apart are alike"
