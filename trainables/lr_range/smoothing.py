"""The loss of a sweep, smoothed; and where the sweep diverged.

A sweep is one noisy loss a step. An exponential average lags behind by share / (1 - share) steps,
which over 100 steps and seven decades would move every suggestion to the right by a constant
factor (1.9 at a share of 0.8); so a second pass goes backwards, and the lags cancel.

Shapes: S steps.
"""

from __future__ import annotations

import numpy as np

SHARE = 0.8  # of the past in the exponential average: each pass reaches back about 5 steps
DIVERGED = 4.0  # times the best smoothed loss: fastai's
EARLY = 0.1  # share of the steps in which a high loss is a spike, not divergence
_START = 0.2  # share of the steps that say how high the loss is at the start
_SPIKE = 5  # steps of a running median: it hides spikes of up to two steps


def smooth(losses_S: np.ndarray, *, share: float = SHARE) -> np.ndarray:
    """The average, forwards and backwards, of what is left without spikes; finite input."""
    calm_S = _running_median(_capped(losses_S))
    return average(average(calm_S, share)[::-1], share)[::-1].copy()


def average(losses_S: np.ndarray, share: float) -> np.ndarray:
    """Exponential average, corrected for its start (Kingma and Ba, Adam, 2015, section 3)."""
    smoothed_S, total = np.empty(len(losses_S)), 0.0
    for step, loss in enumerate(losses_S):
        total = share * total + (1 - share) * loss
        smoothed_S[step] = total / (1 - share ** (step + 1))
    return smoothed_S


def diverged_at(losses_S: np.ndarray, steps: int, *, times: float = DIVERGED) -> int | None:
    """The first step that is not finite, or whose smoothed loss is not within `times` the best.

    A NaN is not greater than anything, so what is asked is whether the loss IS small enough. A
    high loss within the first tenth of the sweep is a spike of the start, not divergence.

    Args:
        losses_S: of the steps made so far.
        steps: of the whole sweep.
    """
    broken_S = ~np.isfinite(losses_S)
    end = int(broken_S.argmax()) if broken_S.any() else len(losses_S)
    calm_S = average(_running_median(losses_S[:end]), SHARE)
    allowed_S = calm_S <= times * np.minimum.accumulate(np.abs(calm_S))
    allowed_S[: int(EARLY * steps)] = True
    if not allowed_S.all():
        return int(allowed_S.argmin())
    return end if end < len(losses_S) else None


def _capped(losses_S: np.ndarray) -> np.ndarray:
    """Left of its minimum, no loss is higher than the first fifth's median and its spread allow.

    What rises above the loss of the start and comes back is a spike, however wide: to come back
    from it is no descent. Three standard deviations, estimated from the median deviation.
    """
    if not len(losses_S):
        return losses_S
    start = losses_S[: max(_SPIKE, int(_START * len(losses_S)))]
    level = float(np.median(start))
    cap = level + 3 * 1.4826 * float(np.median(np.abs(start - level)))
    least = int(_running_median(losses_S).argmin())
    capped_S = losses_S.copy()
    capped_S[:least] = np.minimum(losses_S[:least], cap)
    return capped_S


def _running_median(losses_S: np.ndarray) -> np.ndarray:
    """Median of the steps around each one; at the ends of as many as there are."""
    reach = _SPIKE // 2
    parts = [losses_S[max(0, s - reach) : s + reach + 1] for s in range(len(losses_S))]
    return np.array([np.median(part) for part in parts], dtype=np.float64)
