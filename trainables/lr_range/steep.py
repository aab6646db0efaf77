"""Where the loss falls fastest.

Smith, Cyclical Learning Rates, 2017, proposed the range test; that the steepest point of the
smoothed loss over the logarithm of the learning rate is a good default is fastai's finding.

Shapes: S steps.
"""

from __future__ import annotations

import numpy as np

# The loss must fall by this share at least, or its steepest point is one of the noise.
LEAST_FALL = 0.01


def steep(lrs_S: np.ndarray, losses_S: np.ndarray) -> tuple[float | None, str]:
    """The learning rate at the most negative slope of the loss over log lr.

    Only a fall to new ground counts: a loss that comes back from a spike also falls steeply, but
    that is the spike's doing.
    """
    if why_not := never_falls(losses_S):
        return None, why_not
    slope_S = np.gradient(losses_S, np.log(lrs_S))
    slope_S[losses_S > np.minimum.accumulate(losses_S)] = np.inf
    step = int(slope_S.argmin())
    per_decade = -slope_S[step] * np.log(10)
    return float(lrs_S[step]), f"the loss falls fastest, by {per_decade:.3g} a tenfold"


def never_falls(losses_S: np.ndarray) -> str:
    """Why no learning rate can be read from a curve; empty if one can."""
    if len(losses_S) < 3:
        return f"only {len(losses_S)} steps can be trusted"
    fall = losses_S[0] - losses_S.min()
    if fall <= LEAST_FALL * abs(losses_S[0]):
        return f"the loss never falls by {LEAST_FALL:.0%} (from {losses_S[0]:.3g})"
    return ""
