"""A bet against "the total is at most T", while values are drawn without replacement.

Waudby-Smith and Ramdas, Estimating means of bounded random variables by betting, JRSS B, 2024
(section 5: without replacement; there too: the mean of several bettors is a bettor). Whoever bets
on the next value against its largest mean under the hypothesis cannot expect to gain if that is
true; by Ville's inequality (1939) such a bettor's wealth ever reaches 1 / level with a probability
of at most `level`. So one may look after each value and stop when one likes.

Shapes: T hypotheses, G bettors.
"""

from __future__ import annotations

import numpy as np

BOLDNESS_G = np.array([0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.98])
"""What each bettor stakes, as a share of the most that cannot ruin it. Which one is right hangs on
how often values differ, which nobody knows beforehand; their mean loses a factor of 12 at most."""
_MOST = 1e200  # further on, only floats would suffer
_NEAR = 1e-9


class Wealth:
    """The wealth of bets against several hypotheses at once, from 1 each.

    Args:
        count: values that there are; they must come in an order that is random and has nothing to
            do with them.
        totals_T: hypothesis t says that all values together come to `totals_T[t]` at most.
        low: no value is less.
    """

    def __init__(self, count: int, totals_T: np.ndarray, *, low: float) -> None:
        self._left = count
        self._low = low
        self._needed_T = np.asarray(totals_T, dtype=float).copy()  # of what is left, at most
        self._wealth_TG = np.ones((len(self._needed_T), len(BOLDNESS_G)))
        self.peak_T = np.ones(len(self._needed_T))
        self._note_impossible()

    def draw(self, value: float) -> None:
        """The next value.

        Raises:
            ValueError: there are no more values, or it is less than `low`.
        """
        if self._left == 0 or value < self._low:
            raise ValueError(f"{self._left} values are left, none below {self._low}. Got: {value}")
        mean_T = self._needed_T / self._left
        room_T = mean_T - self._low
        gain_T = np.divide(value - mean_T, room_T, out=np.zeros_like(mean_T), where=room_T > _NEAR)
        self._wealth_TG *= 1 + gain_T[:, None] * BOLDNESS_G
        np.minimum(self._wealth_TG, _MOST, out=self._wealth_TG)
        self._left -= 1
        self._needed_T -= value
        self.peak_T = np.maximum(self.peak_T, self._wealth_TG.mean(axis=1))
        self._note_impossible()

    def refuted(self, level: float) -> np.ndarray:
        """Bool [T]: told false so far, each with a probability of error of `level` at most."""
        return np.asarray(self.peak_T >= 1 / level)

    def _note_impossible(self) -> None:
        """What is left comes to more even if each value is the least that there can be."""
        self.peak_T[self._needed_T < self._low * self._left - _NEAR] = np.inf
