"""From the losses of a sweep to its `LrRange`.

Shapes: S steps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trainables.lr_range import SUGGESTIONS
from trainables.lr_range.smoothing import EARLY, diverged_at, smooth
from trainables.lr_range.value import LrRange, Suggestion


def read_sweep(
    lrs_S: Sequence[float],
    losses_S: Sequence[float],
    *,
    steps: int | None = None,
    stopped: str = "",
    names: Sequence[str] | None = None,
) -> LrRange:
    """Smooths what comes before divergence and asks each rule.

    Args:
        steps: of the whole sweep, if fewer were made.
        stopped: why it ended early, if it did.
        names: of the rules (default: all).

    Raises:
        UnknownNameError: no such rule.
    """
    steps = steps or len(lrs_S)
    rates_S = np.asarray(lrs_S, dtype=np.float64)
    raw_S = np.asarray(losses_S, dtype=np.float64)
    end = diverged_at(raw_S, steps)
    smoothed_S = np.full(len(raw_S), np.nan)
    smoothed_S[:end] = smooth(raw_S[:end])
    # As fastai: the first tenth is left out, where the loss settles whatever the learning rate.
    trusted = slice(int(EARLY * steps), end)
    asked = SUGGESTIONS.names() if names is None else names
    suggestions = tuple(
        Suggestion(name, *SUGGESTIONS.get(name)(rates_S[trusted], smoothed_S[trusted]))
        for name in asked
    )
    return LrRange(
        tuple(rates_S.tolist()), tuple(raw_S.tolist()), tuple(smoothed_S.tolist()), suggestions,
        stopped,
    )  # fmt: skip
